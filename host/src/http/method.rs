//! Methods that are not what they seem: X-HTTP-Method-Override, and TRACE. RFC 9110 §9.3.8.

use super::refuse::bad_request;
use super::reply::Reply;
use http::header::{
    AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderName, PROXY_AUTHORIZATION, SET_COOKIE,
};
use http::{HeaderValue, Method, Request, StatusCode, Version};

/// For clients behind proxies that let only GET and POST through: POST with this field is the
/// method that it names.
const OVERRIDE: HeaderName = HeaderName::from_static("x-http-method-override");

/// Makes a POST what it says it is.
///
/// Fails if that is none: HEAD and CONNECT change how the answer ends on the wire, which whoever
/// passed a POST on would not know, and TRACE is for finding out what was passed on.
pub fn unmask<B>(request: &mut Request<B>) -> Result<(), Box<Reply>> {
    if *request.method() != Method::POST {
        return Ok(());
    }
    let Some(name) = request.headers_mut().remove(OVERRIDE) else {
        return Ok(());
    };
    match Method::from_bytes(name.as_bytes()) {
        Ok(Method::HEAD | Method::CONNECT | Method::TRACE) | Err(_) => Err(bad_request(
            "X-HTTP-Method-Override names no method that POST can stand for",
        )
        .into()),
        Ok(method) => {
            *request.method_mut() = method;
            Ok(())
        }
    }
}

/// Sends a request back as it came, without what is secret. RFC 9110 §9.3.8.
pub fn trace(request: &Request<()>) -> Reply {
    const SECRET: [HeaderName; 4] = [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION, SET_COOKIE];
    let version = match request.version() {
        Version::HTTP_2 => "HTTP/2",
        Version::HTTP_10 => "HTTP/1.0",
        _ => "HTTP/1.1",
    };
    let mut text = format!("TRACE {} {version}\r\n", request.uri()).into_bytes();
    for (name, value) in request.headers() {
        let of_proxy = name.as_str().starts_with("x-forwarded-") || *name == "forwarded";
        if SECRET.contains(name) || of_proxy || value.is_sensitive() {
            continue;
        }
        text.extend_from_slice(name.as_str().as_bytes());
        text.extend_from_slice(b": ");
        text.extend_from_slice(value.as_bytes());
        text.extend_from_slice(b"\r\n");
    }
    text.extend_from_slice(b"\r\n");
    let mut reply = Reply::empty(StatusCode::OK);
    reply.set(CONTENT_TYPE, HeaderValue::from_static("message/http"));
    reply.content = super::content::Content::Bytes(text.into());
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn post_may_stand_for_another_method() {
        for (method, name, expected) in [
            ("POST", "PROPFIND", Some("PROPFIND")),
            ("POST", "GET", Some("GET")),
            ("GET", "DELETE", Some("GET")),
            ("POST", "HEAD", None),
            ("POST", "TRACE", None),
            ("POST", "CONNECT", None),
            ("POST", "a b", None),
        ] {
            let request = Request::builder().method(method).header(OVERRIDE, name);
            let mut request = request.body(()).unwrap();
            let unmasked = unmask(&mut request).is_ok();
            assert_eq!(
                unmasked.then(|| request.method().as_str()),
                expected,
                "{name}"
            );
        }
    }

    #[test]
    fn s9_3_8_no_secrets_come_back() {
        let request = Request::builder()
            .method("TRACE")
            .uri("/a?b")
            .header("X-A", "1")
            .header("Authorization", "Basic YTpi")
            .header("Cookie", "a=b");
        let reply = trace(&request.body(()).unwrap());
        let super::super::content::Content::Bytes(bytes) = reply.content else {
            panic!("no bytes");
        };
        assert_eq!(&bytes[..], b"TRACE /a?b HTTP/1.1\r\nx-a: 1\r\n\r\n");
    }
}
