//! [`obtain`]: gets a token from a callback, a URL or Ably itself.
//!
//! Stores nothing and joins nothing: that is the flight's.
//!
//! Spec: RSA4e, RSA4f, RSA8, RSA9, RSA10k.

use std::{
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::Arc,
    task::Poll,
};

use ably_engine::{
    BoxFuture, Credential, Key, TokenDetails, TokenParams, TokenRequest,
    protocol::{Codec, ErrorCode, ErrorInfo, Value, json::JsonCodec},
};
use bytes::Bytes;

use super::{AuthOptions, Authority, Site, url};
use crate::{
    ext::TokenSource,
    rest::{RestPath, RestRequest},
};

/// A token is wanted.
pub(crate) struct Obtain {
    pub(crate) site: Site,
    pub(crate) options: AuthOptions,
    pub(crate) params: TokenParams,
}

/// What gets a token.
pub(crate) type ObtainFn = fn(Obtain) -> BoxFuture<Result<TokenDetails, ErrorInfo>>;

/// Gets a token in any way. Only clients with the plugin `Token` carry this.
pub(crate) fn obtain(mut wish: Obtain) -> BoxFuture<Result<TokenDetails, ErrorInfo>> {
    Box::pin(async move {
        wish.params = wish.params.canonical()?;
        let authority = wish.site.authority();
        let credential = in_time(authority, credential(&wish)).await?;
        match credential.checked()? {
            Credential::Token(details) => Ok(details),
            Credential::Request(request) => exchange(&wish.site, &request).await,
            _ => Err(unusable("the credential is of an unknown kind")),
        }
    })
}

/// Gets a token from a callback that answers with one.
pub(crate) async fn simple(wish: Obtain) -> Result<TokenDetails, ErrorInfo> {
    let Some(callback) = &wish.options.callback else {
        return Err(match wish.options.is_renewable() {
            true => ErrorInfo::missing_plugin("Token", "token"),
            false => no_means(),
        });
    };
    let authority = wish.site.authority();
    // As it was given: to sort a capability takes code that only signing needs otherwise.
    let given = in_time(authority, call(callback, wish.params.clone())).await?;
    match given.checked()? {
        Credential::Token(details) => Ok(details),
        _ => Err(ErrorInfo::missing_plugin("Token", "token")),
    }
}

/// Makes a signed request.
///
/// # Errors
/// - `40019` there is no plugin that signs; or none for HTTP, and the server's time is wanted.
/// - `40101` there is no key.
/// - what [`TokenRequest::unsigned`] says.
///
/// Spec: RSA9.
pub(super) async fn sign(
    site: &Site,
    options: &AuthOptions,
    params: TokenParams,
) -> Result<TokenRequest, ErrorInfo> {
    let key = options.parsed_key()?.ok_or_else(|| {
        ErrorInfo::new(
            ErrorCode::WRONG_CREDENTIAL,
            403,
            "there is no key to sign a token request with",
        )
    })?;
    let authority = site.authority();
    let signer = authority.plugins.signer().cloned();
    let signer = signer.ok_or_else(|| ErrorInfo::missing_plugin("Token", "token"))?;
    let timestamp = match params.timestamp {
        Some(timestamp) => timestamp,
        None => timestamp(site, options.query_time).await?,
    };
    signed(authority, &key, params, timestamp, |text| {
        signer.sign(key.secret(), text)
    })
}

fn signed(
    authority: &Authority,
    key: &Key,
    params: TokenParams,
    timestamp: i64,
    sign: impl FnOnce(&str) -> String,
) -> Result<TokenRequest, ErrorInfo> {
    let mut entropy = authority.runtime.entropy();
    let mut request = TokenRequest::unsigned(key.name(), params, timestamp, &mut *entropy)?;
    request.mac = sign(&request.text_to_sign()).into();
    Ok(request)
}

/// The server's time when it is known or wanted, else ours. Spec: RSA9d, RSA10k.
async fn timestamp(site: &Site, query: bool) -> Result<i64, ErrorInfo> {
    let runtime = &site.authority().runtime;
    let known = |now| site.with_auth(|auth| auth.server_time(now));
    if let Some(time) = known(runtime.now()) {
        return Ok(time);
    }
    if !query {
        return Ok(runtime.now().unix_ms);
    }
    let core = site.rest_core()?;
    let path = RestPath::of(["time"])?;
    let reply = core.request(RestRequest::get(path).anonymous()).await?;
    let value = core.codec_of(&reply)?.decode_value(&reply.body)?;
    let time = match &value {
        Value::List(items) => match items.as_slice() {
            [Value::Int(ms)] => Some(*ms),
            _ => None,
        },
        _ => None,
    };
    let time = time.ok_or_else(|| {
        ErrorInfo::new(
            ErrorCode::INTERNAL,
            500,
            "the server's answer to GET /time is not a time",
        )
    })?;
    let now = runtime.now();
    site.with_auth(|auth| auth.learn_server_time(now, time));
    Ok(time)
}

async fn credential(wish: &Obtain) -> Result<Credential, ErrorInfo> {
    let Obtain {
        site,
        options,
        params,
    } = wish;
    if let Some(callback) = &options.callback {
        call(callback, params.clone()).await
    } else if let Some(address) = &options.url {
        url::ask(&*site.http()?, address, options, params).await
    } else if options.key.is_some() {
        let request = sign(site, options, params.clone()).await?;
        Ok(Credential::Request(request))
    } else {
        Err(no_means())
    }
}

/// Calls the application. A panic is a failure.
async fn call(
    callback: &Arc<dyn TokenSource>,
    params: TokenParams,
) -> Result<Credential, ErrorInfo> {
    let begun = catch_unwind(AssertUnwindSafe(|| callback.token(params)));
    let mut answer = begun.map_err(|_| panicked())?;
    let answer = poll_fn(|cx| {
        catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(cx)))
            .unwrap_or_else(|_| Poll::Ready(Err(panicked())))
    });
    answer.await.map_err(explain)
}

/// Exchanges a signed request for a token.
async fn exchange(site: &Site, request: &TokenRequest) -> Result<TokenDetails, ErrorInfo> {
    let core = site.rest_core()?;
    let path = RestPath::of(["keys", request.key_name.as_str(), "requestToken"])?;
    let ask = RestRequest::post(path, Bytes::from(request.to_json()))
        .header("Content-Type", "application/json")
        .header("Accept", "application/json")
        .anonymous();
    let reply = core.request(ask).await.map_err(unreached)?;
    let codec = core.codec_of(&reply);
    let value = match codec {
        Ok(codec) => codec.decode_value(&reply.body),
        Err(_) => JsonCodec.decode_value(&reply.body),
    };
    let value = value.map_err(|error| {
        ErrorInfo::builder(
            ErrorCode::AUTH_CALLBACK_FAILED,
            401,
            "the server's answer to a token request could not be read",
        )
        .cause(error)
        .build()
    })?;
    TokenDetails::from_value(&value)
}

/// `40170` when there was no answer; what the server says stays. Spec: RSA4e.
fn unreached(error: ErrorInfo) -> ErrorInfo {
    match error.code() {
        ErrorCode::DISCONNECTED | ErrorCode::TIMEOUT | ErrorCode::PROTOCOL_ERROR => {
            ErrorInfo::builder(
                ErrorCode::AUTH_CALLBACK_FAILED,
                401,
                format!(
                    "no token: the token request was not answered: {}",
                    error.message()
                ),
            )
            .cause(error)
            .build()
        }
        _ => error,
    }
}

/// Waits no longer than `realtimeRequestTimeout`. Spec: RSA4c.
async fn in_time<T>(
    authority: &Authority,
    work: impl Future<Output = Result<T, ErrorInfo>>,
) -> Result<T, ErrorInfo> {
    let until = authority.runtime.now().mono.after(authority.patience);
    let mut timer = authority.runtime.timer();
    let mut work = pin!(work);
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(result) => Poll::Ready(result),
        Poll::Pending => timer.poll_until(cx, until).map(|()| {
            Err(unusable(
                "the token callback or authUrl did not answer within realtimeRequestTimeout",
            ))
        }),
    })
    .await
}

/// An error of the application's passes as it is when it has a code.
fn explain(error: ErrorInfo) -> ErrorInfo {
    if error.code() != ErrorCode::NONE {
        return error;
    }
    let (code, status) = match error.status_code() {
        403 => (ErrorCode::FORBIDDEN, 403),
        _ => (ErrorCode::AUTH_CALLBACK_FAILED, 401),
    };
    let message = format!("the token callback failed: {}", error.message());
    ErrorInfo::builder(code, status, message)
        .cause(error)
        .build()
}

fn panicked() -> ErrorInfo {
    unusable("the token callback panicked")
}

pub(super) fn no_means() -> ErrorInfo {
    ErrorInfo::new(
        ErrorCode::NO_RENEWAL,
        403,
        "there is no means to get a token: give the client a key, an authCallback or an authUrl",
    )
}

pub(super) fn unusable(why: &'static str) -> ErrorInfo {
    ErrorInfo::new(ErrorCode::AUTH_CALLBACK_FAILED, 401, why)
}
