//! `Send` and `Sync` where there are threads, nothing on wasm: in one place.

use alloc::{boxed::Box, sync::Arc};

#[cfg(not(target_family = "wasm"))]
mod imp {
    use super::Box;
    use core::{any::Any, future::Future, pin::Pin};

    /// `Send`, except on wasm.
    pub trait MaybeSend: Send {}
    impl<T: Send + ?Sized> MaybeSend for T {}
    /// `Sync`, except on wasm.
    pub trait MaybeSync: Sync {}
    impl<T: Sync + ?Sized> MaybeSync for T {}
    /// A value of some type.
    pub type AnyBox = Box<dyn Any + Send>;
    /// A boxed future, `Send` except on wasm.
    pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;
}

#[cfg(target_family = "wasm")]
mod imp {
    use super::Box;
    use core::{any::Any, future::Future, pin::Pin};

    /// `Send`, except on wasm.
    pub trait MaybeSend {}
    impl<T: ?Sized> MaybeSend for T {}
    /// `Sync`, except on wasm.
    pub trait MaybeSync {}
    impl<T: ?Sized> MaybeSync for T {}
    /// A value of some type.
    pub type AnyBox = Box<dyn Any>;
    /// A boxed future, `Send` except on wasm.
    pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T>>>;
}

pub use imp::*;

/// A shared value of some type.
pub type AnyArc = Arc<dyn core::any::Any + Send + Sync>;
