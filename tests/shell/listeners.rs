//! Who gets a message: names, unsubscribing, streams beside callbacks.

use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
};

use ably_base::{Lagged, Runtime, Subscription};

use crate::peer::*;

/// A message with a serial, as realtime sends it.
fn numbered(n: usize) -> Value {
    json!({"name": "n", "data": n.to_string(), "serial": format!("s{n}")})
}

fn data(item: Option<Result<Arc<Message>, Lagged>>) -> String {
    let message = item.expect("an item").expect("a message");
    message.data.as_text().expect("text").to_owned()
}

#[test]
fn names_come_as_one_as_a_list_or_not_at_all() {
    let p = Peer::new().connect().attach();
    let (_, all) = p.listen(());
    let (_, one) = p.listen("a");
    let (_, two) = p.listen(["a", "b"]);
    let (_, owned) = p.listen(vec!["b".to_owned(), "c".to_owned()]);
    let (_, none) = p.listen(Vec::<String>::new());
    let (_, empty) = p.listen("");
    let named = |name: &str| json!({"name": name, "data": name});
    p.deliver(json!([named("a"), named("b"), named("c"), {"data": "nameless"}]));
    assert_eq!(heard(&all), ["a", "b", "c", "nameless"]);
    assert_eq!(heard(&one), ["a"]);
    assert_eq!(heard(&two), ["a", "b"]);
    assert_eq!(heard(&owned), ["b", "c"]);
    assert_eq!(heard(&none), [""; 0]);
    assert_eq!(heard(&empty), [""; 0]);
}

#[test]
fn every_form_of_unsubscribe() {
    let p = Peer::new().connect().attach();
    let (a, heard_a) = p.listen(["x", "y", "z"]);
    let (b, heard_b) = p.listen(());
    let (_, heard_c) = p.listen(["x", "y"]);
    let mut stream = p.channel.subscribe(["x", "z"]);
    let round = || {
        let named = |name: &str| json!({"name": name, "data": name});
        p.deliver(json!([named("x"), named("y"), named("z")]));
        let take = |log: &Log| std::mem::take(&mut *log.lock().unwrap()).concat();
        [take(&heard_a), take(&heard_b), take(&heard_c)]
    };
    assert_eq!(round(), ["xyz", "xyz", "xy"]);
    p.channel.unsubscribe_from("x", a);
    assert_eq!(round(), ["yz", "xyz", "xy"]);
    // One that listens to everything does not listen to a name.
    p.channel.unsubscribe_from("x", b);
    assert_eq!(round(), ["yz", "xyz", "xy"]);
    p.channel.unsubscribe_names(["y", "nobody"]);
    assert_eq!(round(), ["z", "xyz", "x"]);
    p.channel.unsubscribe(b);
    p.channel.unsubscribe(b);
    assert_eq!(round(), ["z", "", "x"]);
    p.channel.unsubscribe_all();
    assert_eq!(round(), ["", "", ""]);
    // Streams go on, until they are dropped.
    let streamed: Vec<_> = std::iter::from_fn(|| stream.try_next()).collect();
    assert_eq!(streamed.len(), 2 * 6);
    drop(stream);
    assert_eq!(round(), ["", "", ""]);
}

#[test]
fn a_stream_and_a_callback_share_the_messages() {
    let p = Peer::new().connect().attach();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = seen.clone();
    drop(p.channel.subscribe_with((), move |m| {
        sink.lock().unwrap().push(m.clone());
    }));
    let mut stream = p.channel.subscribe(());
    p.deliver((1..=3).map(numbered).collect());
    let streamed: Vec<Message> = std::iter::from_fn(|| stream.try_next())
        .map(|item| (*item.unwrap()).clone())
        .collect();
    assert_eq!(streamed.len(), 3);
    assert_eq!(*seen.lock().unwrap(), streamed);
}

#[test]
fn a_stream_wakes_its_reader_and_ends_when_the_channel_is_released() {
    fn next(stream: &mut Subscription) -> Poll<Option<Result<Arc<Message>, Lagged>>> {
        futures_core::Stream::poll_next(Pin::new(stream), &mut Context::from_waker(Waker::noop()))
    }
    let p = Peer::new().connect().attach();
    let mut stream = p.channel.subscribe(());
    assert_eq!(next(&mut stream), Poll::Pending);
    let heard = Log::default();
    let (sink, mut reader) = (heard.clone(), p.channel.subscribe(()));
    p.rt.spawn(Box::pin(async move {
        while let Some(item) = reader.next().await {
            sink.lock().unwrap().push(data(Some(item)));
        }
        sink.lock().unwrap().push("end".into());
    }));
    p.rt.run_until_idle();
    p.deliver(json!([numbered(1)]));
    p.deliver(json!([numbered(2)]));
    assert_eq!(*heard.lock().unwrap(), ["1", "2"]);
    p.ws.set_on_message(|m, conn| conn.answer(m));
    p.rt.wait(p.channel.detach()).unwrap();
    p.client.channels().release("room").unwrap();
    p.rt.run_until_idle();
    assert_eq!(*heard.lock().unwrap(), ["1", "2", "end"]);
    // What was there already can still be read.
    let rest: Vec<_> = std::iter::from_fn(|| stream.try_next())
        .map(|i| data(Some(i)))
        .collect();
    assert_eq!(rest, ["1", "2"]);
    assert_eq!(next(&mut stream), Poll::Ready(None));
}

#[test]
fn rtl7_a_failed_channel_takes_no_listener() {
    let p = Peer::new().connect().attach();
    let error = json!({"code": 40160, "statusCode": 401, "message": "no"});
    p.send(json!({"action": action::ERROR, "channel": "room", "error": error}));
    assert_eq!(p.channel.state(), ChannelState::Failed);
    let subscribed = p.channel.subscribe_with((), |_| {});
    assert_eq!(subscribed.id(), None);
    let error = p.rt.wait(subscribed).unwrap_err();
    assert_eq!((error.code(), error.status_code()), (ErrorCode(90001), 400));
    let mut stream = p.channel.subscribe(());
    let error = p.rt.wait(stream.attached()).unwrap_err();
    assert_eq!((error.code(), error.status_code()), (ErrorCode(90001), 400));
}
