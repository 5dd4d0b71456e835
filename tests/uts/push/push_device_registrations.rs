//! `rest/unit/push/push_device_registrations.md`

use super::common::*;

fn devices(client: &BaseRest) -> PushDeviceRegistrations {
    client.push().admin().device_registrations()
}

/// The device of most cases, with this token.
fn device(token: &str) -> DeviceDetails {
    DeviceDetails::new(
        "device-001",
        DevicePlatform::Ios,
        DeviceFormFactor::Phone,
        PushRecipient::apns(token),
    )
}

/// A device as the server sends it.
fn wire(id: &str) -> Value {
    json!({
        "id": id, "platform": "ios", "formFactor": "phone",
        "push": {"recipient": {}, "state": "Active"},
    })
}

/// The same, of a client.
fn wire_of(client_id: &str, id: &str) -> Value {
    let mut device = wire(id);
    device["clientId"] = json!(client_id);
    device
}

fn token(device: &DeviceDetails) -> Value {
    field(
        device.push.recipient.as_ref().unwrap().as_json(),
        "deviceToken",
    )
}

// UTS: rest/unit/RSH1b1/get-device-details-0
#[test]
fn rsh1b1_get() {
    let (http, rt, client) = answered(ok(json!({
        "id": "device-001",
        "clientId": "client-abc",
        "formFactor": "phone",
        "platform": "ios",
        "metadata": {"model": "iPhone 14"},
        "push": {
            "recipient": {"transportType": "apns", "deviceToken": "token-123"},
            "state": "Active",
        },
    })));
    let device: DeviceDetails = rt.wait(devices(&client).get("device-001")).unwrap();
    assert_is(&only(&http), "GET", "/push/deviceRegistrations/device-001");
    assert_eq!(device.id, "device-001");
    assert_eq!(device.client_id.as_deref(), Some("client-abc"));
    assert_eq!(device.form_factor, Some(DeviceFormFactor::Phone));
    assert_eq!(device.platform, Some(DevicePlatform::Ios));
    assert_eq!(field(&device.metadata.unwrap(), "model"), "iPhone 14");
    let recipient = device.push.recipient.unwrap();
    assert_eq!(field(recipient.as_json(), "transportType"), "apns");
    assert_eq!(device.push.state, Some(DevicePushState::Active));
}

// UTS: rest/unit/RSH1b1/get-unknown-device-error-1
#[test]
fn rsh1b1_get_unknown() {
    let (_, rt, client) = answered(refusal(404, "Device not found"));
    let error = rt
        .wait(devices(&client).get("nonexistent-device"))
        .unwrap_err();
    assert_eq!((error.code().0, error.status_code()), (40400, 404));
}

// UTS: rest/unit/RSH1b1/get-url-encodes-deviceid-2
#[test]
fn rsh1b1_get_encodes_the_id() {
    let (http, rt, client) = answered(ok(wire("device/with special:chars")));
    rt.wait(devices(&client).get("device/with special:chars"))
        .unwrap();
    assert_eq!(
        http.last().path,
        "/push/deviceRegistrations/device%2Fwith%20special%3Achars"
    );
}

// UTS: rest/unit/RSH1b2/list-filtered-by-deviceid-0
#[test]
fn rsh1b2_list_by_device_id() {
    let (http, rt, client) = answered(ok(json!([wire_of("client-abc", "device-001")])));
    let query = DeviceRegistrationQuery::new().device_id("device-001");
    let result: PaginatedResult<DeviceDetails> = rt.wait(devices(&client).list(query)).unwrap();
    let request = only(&http);
    assert_is(&request, "GET", "/push/deviceRegistrations");
    assert_eq!(request.query("deviceId"), Some("device-001"));
    assert_eq!(result.items().len(), 1);
    assert_eq!(result.items()[0].id, "device-001");
}

// UTS: rest/unit/RSH1b2/list-filtered-by-clientid-1
#[test]
fn rsh1b2_list_by_client_id() {
    let mut tablet = wire_of("client-abc", "device-002");
    tablet["platform"] = json!("android");
    tablet["formFactor"] = json!("tablet");
    let (http, rt, client) = answered(ok(json!([wire_of("client-abc", "device-001"), tablet])));
    let query = DeviceRegistrationQuery::new().client_id("client-abc");
    let result = rt.wait(devices(&client).list(query)).unwrap();
    assert_eq!(http.last().query("clientId"), Some("client-abc"));
    assert_eq!(result.items().len(), 2);
    assert_eq!(result.items()[0].client_id.as_deref(), Some("client-abc"));
    assert_eq!(result.items()[1].client_id.as_deref(), Some("client-abc"));
}

// UTS: rest/unit/RSH1b2/list-with-limit-param-2
#[test]
fn rsh1b2_list_with_limit() {
    let (http, rt, client) = answered(ok(json!([wire("device-001")])));
    let query = DeviceRegistrationQuery::new().limit(2);
    rt.wait(devices(&client).list(query)).unwrap();
    assert_eq!(http.last().query("limit"), Some("2"));
}

// UTS: rest/unit/RSH1b3/save-put-device-details-0
#[test]
fn rsh1b3_save() {
    let (http, rt, client) = answered(ok(json!({
        "id": "device-001",
        "clientId": "client-abc",
        "platform": "ios",
        "formFactor": "phone",
        "metadata": {},
        "push": {
            "recipient": {"transportType": "apns", "deviceToken": "token-123"},
            "state": "Active",
        },
    })));
    let device = device("token-123").client_id("client-abc");
    let result: DeviceDetails = rt.wait(devices(&client).save(device)).unwrap();
    let request = only(&http);
    assert_is(&request, "PUT", "/push/deviceRegistrations/device-001");
    let body = request.json();
    assert_eq!(body["id"], "device-001");
    assert_eq!(body["clientId"], "client-abc");
    assert_eq!(body["platform"], "ios");
    assert_eq!(body["formFactor"], "phone");
    assert_eq!(body["push"]["recipient"]["transportType"], "apns");
    assert_eq!(result.id, "device-001");
    assert_eq!(result.push.state, Some(DevicePushState::Active));
}

// UTS: rest/unit/RSH1b3/save-updates-existing-1
#[test]
fn rsh1b3_save_updates() {
    let saved = |token: &str| {
        let mut device = wire("device-001");
        device["push"]["recipient"] = json!({"transportType": "apns", "deviceToken": token});
        ok(device)
    };
    let http = MockHttp::replying([saved("token-old"), saved("token-new")]);
    let (rt, client) = rest(&http);
    let result1 = rt.wait(devices(&client).save(device("token-old"))).unwrap();
    let result2 = rt.wait(devices(&client).save(device("token-new"))).unwrap();
    assert_eq!(token(&result1), "token-old");
    assert_eq!(token(&result2), "token-new");
    assert_eq!(http.requests().len(), 2);
}

// UTS: rest/unit/RSH1b3/save-error-propagated-2
#[test]
fn rsh1b3_save_error_propagated() {
    let (_, rt, client) = answered(refusal(400, "Invalid device details"));
    let device = DeviceDetails::new(
        "device-001",
        DevicePlatform::Ios,
        DeviceFormFactor::Phone,
        text(json!({})),
    );
    let error = rt.wait(devices(&client).save(device)).unwrap_err();
    assert_eq!((error.code().0, error.status_code()), (40000, 400));
    assert_eq!(error.message(), "Invalid device details");
}

// UTS: rest/unit/RSH1b4/remove-delete-device-0
#[test]
fn rsh1b4_remove() {
    let (http, rt, client) = answered(no_content());
    rt.wait(devices(&client).remove("device-001")).unwrap();
    assert_is(
        &only(&http),
        "DELETE",
        "/push/deviceRegistrations/device-001",
    );
}

// UTS: rest/unit/RSH1b4/remove-nonexistent-succeeds-1
#[test]
fn rsh1b4_remove_nonexistent() {
    let (_, rt, client) = answered(no_content());
    let removed = rt.wait(devices(&client).remove("nonexistent-device"));
    assert_eq!(removed, Ok(()));
}

// UTS: rest/unit/RSH1b5/remove-where-clientid-0
#[test]
fn rsh1b5_remove_where_client_id() {
    let (http, rt, client) = answered(no_content());
    let query = DeviceRegistrationQuery::new().client_id("client-abc");
    rt.wait(devices(&client).remove_where(query)).unwrap();
    let request = only(&http);
    assert_is(&request, "DELETE", "/push/deviceRegistrations");
    assert_eq!(request.query("clientId"), Some("client-abc"));
}

// UTS: rest/unit/RSH1b5/remove-where-deviceid-1
#[test]
fn rsh1b5_remove_where_device_id() {
    let (http, rt, client) = answered(no_content());
    let query = DeviceRegistrationQuery::new().device_id("device-001");
    rt.wait(devices(&client).remove_where(query)).unwrap();
    let request = http.last();
    assert_is(&request, "DELETE", "/push/deviceRegistrations");
    assert_eq!(request.query("deviceId"), Some("device-001"));
}

// UTS: rest/unit/RSH1b5/remove-where-no-match-succeeds-2
#[test]
fn rsh1b5_remove_where_no_match() {
    let (_, rt, client) = answered(no_content());
    let query = DeviceRegistrationQuery::new().client_id("nonexistent-client");
    let removed = rt.wait(devices(&client).remove_where(query));
    assert_eq!(removed, Ok(()));
}
