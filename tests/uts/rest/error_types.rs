//! `rest/unit/types/error_types.md`

use std::error::Error;

use super::common::*;

/// The error that a server with this body leads to.
fn told(status: u16, error: &Value) -> ErrorInfo {
    let http = MockHttp::replying([HttpMockReply::json(status, json!({ "error": error }))]);
    let (rt, client) = rest(&http);
    rt.wait(client.time()).unwrap_err()
}

// UTS: rest/unit/TI1/errorinfo-attributes-0
#[test]
fn ti1_attributes() {
    let error = ErrorInfo::new(ErrorCode(40000), 0, "");
    assert_eq!(error.code(), 40000);
    let error = ErrorInfo::new(ErrorCode(40100), 401, "");
    assert_eq!(error.status_code(), 401);
    let error = ErrorInfo::new(ErrorCode(40000), 400, "Bad request: invalid parameter");
    assert_eq!(error.message(), "Bad request: invalid parameter");
    let link = "https://help.ably.io/error/of-its-own";
    let error = ErrorInfo::builder(ErrorCode(40000), 0, "")
        .href(Some(link.into()))
        .build();
    assert_eq!(error.href().as_deref(), Some(link));

    let failure = Arc::new(std::io::Error::other("Network failure"));
    let error = ErrorInfo::builder(ErrorCode(50003), 500, "Timeout")
        .source(failure.clone())
        .build();
    let cause = error.source().expect("a cause");
    let cause: &std::io::Error = cause.downcast_ref().expect("of its own kind");
    assert!(std::ptr::eq(cause, &*failure));
    let inner = ErrorInfo::new(ErrorCode(50001), 500, "inner");
    let error = ErrorInfo::builder(ErrorCode(50003), 500, "Timeout")
        .cause(inner.clone())
        .build();
    assert_eq!(error.cause(), Some(&inner));
}

// UTS: rest/unit/TI/errorinfo-from-json-0
#[test]
fn ti_from_json() {
    let error = told(
        401,
        &json!({
            "code": 40100,
            "statusCode": 401,
            "message": "Token expired",
            "href": "https://help.ably.io/error/40100",
        }),
    );
    assert_eq!(code(&error), (40100, 401));
    assert_eq!(error.message(), "Token expired");
    assert_eq!(
        error.href().as_deref(),
        Some("https://help.ably.io/error/40100")
    );
}

// UTS: rest/unit/TI/errorinfo-nested-cause-1
#[test]
fn ti_nested() {
    let error = told(
        500,
        &json!({
            "code": 50000,
            "statusCode": 500,
            "message": "Internal error",
            "cause": {"code": 50001, "message": "Database connection failed"},
        }),
    );
    assert_eq!(error.code(), 50000);
    let cause = error.cause().expect("a cause");
    assert_eq!(cause.code(), 50001);
    assert_eq!(cause.message(), "Database connection failed");
}

// UTS: rest/unit/TI/ably-exception-wraps-errorinfo-2
#[test]
fn ti_is_an_error() {
    let info = ErrorInfo::new(ErrorCode(40000), 400, "Bad request");
    let thrown: Box<dyn Error + Send + Sync> = info.clone().into();
    let caught: &ErrorInfo = thrown.downcast_ref().expect("an ErrorInfo");
    assert_eq!(code(caught), (40000, 400));
    assert_eq!(caught.message(), "Bad request");
    assert_eq!(*caught, info);
}

// UTS: rest/unit/TI/common-error-codes-3
#[test]
fn ti_common_codes() {
    for (code, status, constant) in [
        (40000, 400, ErrorCode::BAD_REQUEST),
        (40100, 401, ErrorCode::UNAUTHORIZED),
        (40101, 401, ErrorCode::WRONG_CREDENTIAL),
        (40140, 401, ErrorCode::TOKEN_ERROR),
        (40142, 401, ErrorCode::TOKEN_EXPIRED),
        (40160, 401, ErrorCode::CAPABILITY),
        (40300, 403, ErrorCode::FORBIDDEN),
        (40400, 404, ErrorCode::NOT_FOUND),
        (50000, 500, ErrorCode::INTERNAL),
        (50003, 500, ErrorCode::TIMEOUT),
    ] {
        let error = told(
            status,
            &json!({"code": code, "statusCode": status, "message": "why"}),
        );
        assert_eq!((error.code().0, error.status_code()), (code, status));
        assert_eq!(error.code(), constant);
        assert_eq!(error.is_token_error(), (40140..40150).contains(&code));
    }
}

// UTS: rest/unit/TI/error-string-representation-4
#[test]
fn ti_display() {
    let error = ErrorInfo::new(ErrorCode(40100), 401, "Unauthorized: token expired");
    assert_eq!(
        error.to_string(),
        "Unauthorized: token expired (code 40100, status 401); see \
         https://help.ably.io/error/40100"
    );
}

// UTS: rest/unit/TI/error-equality-5
#[test]
fn ti_equality() {
    let bad_request = || ErrorInfo::new(ErrorCode(40000), 400, "Bad request");
    let other = ErrorInfo::new(ErrorCode(40100), 401, "Unauthorized");
    assert_eq!(bad_request(), bad_request());
    assert_ne!(bad_request(), other);
}
