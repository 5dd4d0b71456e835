//! `realtime/unit/client/realtime_request.md`

use super::{common::Kind, request};

// UTS: realtime/unit/RTC9/request-proxies-rest-0
#[test]
fn rtc9_request_is_that_of_a_rest_client() {
    request::supports_http_methods(Kind::Realtime);
    request::query_params_passed(Kind::Realtime);
    request::custom_headers_passed(Kind::Realtime);
    request::request_body_sent(Kind::Realtime);
    request::version_param_sets_header(Kind::Realtime);
    request::uses_configured_auth(Kind::Realtime);
    request::protocol_headers_json(Kind::Realtime);
    request::protocol_headers_msgpack(Kind::Realtime);
    request::body_encoded_per_protocol(Kind::Realtime);
    request::response_decoded_by_content_type(Kind::Realtime);
    request::response_status_code(Kind::Realtime);
    request::response_success_indicator(Kind::Realtime);
    request::response_error_code_header(Kind::Realtime);
    request::response_error_message_header(Kind::Realtime);
    request::response_headers_accessible(Kind::Realtime);
    request::response_items_decoded(Kind::Realtime);
    request::pagination_with_link_headers(Kind::Realtime);
    request::non_array_response_handling(Kind::Realtime);
    request::network_error_propagated(Kind::Realtime);
    request::timeout_error_handling(Kind::Realtime);
    request::http_error_no_fallback(Kind::Realtime);
    request::fallback_on_server_error(Kind::Realtime);
    request::cannot_override_auth(Kind::Realtime);
    request::path_leading_slash_handling(Kind::Realtime);
    request::empty_response_handling(Kind::Realtime);
}
