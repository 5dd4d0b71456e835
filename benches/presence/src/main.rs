//! Enters many members into a channel, or follows them and tells what that cost: the client's part
//! of `cargo xtask bench presence`.
//!
//! `benches/ably-js/presence.cjs` follows them in the same way, step by step.

use std::error::Error;

use ably::{ClientOptions, Realtime, prelude::*};
use cpu_time::ProcessTime;
use peak_alloc::PeakAlloc;

type Failure = Box<dyn Error + Send + Sync>;

/// Counts the bytes that are asked for, without what the allocator adds.
#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const CHANNEL: &str = "crowd";

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [what, host, port, key, format, count] = &args[..] else {
        return Err(
            "usage: ably-bench-presence enter|follow HOST PORT KEY json|msgpack COUNT".into(),
        );
    };
    let count: usize = count.parse()?;
    let options = ClientOptions::with_key(key)
        .endpoint(host)
        .port(port.parse()?)
        .tls(false)
        .use_binary_protocol(format == "msgpack");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let client = Realtime::new(options)?;
        match what.as_str() {
            "enter" => enter(&client, count).await,
            _ => follow(&client, count).await,
        }
    })
}

async fn enter(client: &Realtime, count: usize) -> Result<(), Failure> {
    let channel = client.channels().get(CHANNEL);
    channel.attach().await?;
    let presence = channel.presence();
    // Some at a time, so that the queues are never full.
    for from in (0..count).step_by(500) {
        let members = from..(from + 500).min(count);
        let entered: Vec<_> = members
            .map(|n| presence.enter_client(format!("member-{n:05}"), format!("{n:050}")))
            .collect();
        for entered in entered {
            entered.await?;
        }
    }
    println!("entered");
    // Until it is ended from outside.
    std::future::pending().await
}

async fn follow(client: &Realtime, count: usize) -> Result<(), Failure> {
    let mut changes = client.connection().state_changes();
    while client.connection().id().is_none() {
        changes.next().await.ok_or("the client ended")?;
    }
    let channel = client.channels().get(CHANNEL);
    let (heap, resident) = (HEAP.current_usage(), resident("VmRSS:"));
    HEAP.reset_peak_usage();
    let started = ProcessTime::now();
    let members = channel.presence().get(()).await?;
    let cpu = started.elapsed();
    let peak = HEAP.peak_usage() - heap;
    let texts = members.iter().filter_map(|member| member.data.as_text());
    let bytes: usize = texts.map(str::len).sum();
    if (members.len(), bytes) != (count, count * 50) {
        return Err(format!("{} members with {bytes} bytes", members.len()).into());
    }
    drop(members);
    let held = HEAP.current_usage() - heap;
    let top = self::resident("VmHWM:").saturating_sub(resident);
    let cpu = cpu.as_nanos();
    println!("{{\"cpu_ns\":{cpu},\"held\":{held},\"peak\":{peak},\"resident\":{top}}}");
    Ok(())
}

/// Bytes in main memory, now or at most; 0 where there is no /proc.
fn resident(field: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    kilobytes.unwrap_or(0) * 1024
}
