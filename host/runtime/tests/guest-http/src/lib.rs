//! Answers with what it was asked, streaming the body back.

use wasip2::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

struct Foreign;

impl wasip2::exports::http::incoming_handler::Guest for Foreign {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let path = request.path_with_query().unwrap_or_default();
        if path.ends_with("/silent") {
            return;
        }
        let fields = Fields::new();
        fields.set("x-path", &[path.clone().into_bytes()]).unwrap();
        fields.set("etag", &[b"\"1\"".to_vec()]).unwrap();
        let response = OutgoingResponse::new(fields);
        response.set_status_code(201).unwrap();
        let body = response.body().unwrap();
        ResponseOutparam::set(out, Ok(response));
        let stream = body.write().unwrap();
        let incoming = request.consume().unwrap();
        let input = incoming.stream().unwrap();
        while let Ok(piece) = input.blocking_read(4096) {
            for part in piece.chunks(4096) {
                stream.blocking_write_and_flush(part).unwrap();
            }
        }
        drop(input);
        drop(stream);
        if path.ends_with("/broken") {
            panic!("as asked");
        }
        OutgoingBody::finish(body, None).unwrap();
    }
}

wasip2::http::proxy::export!(Foreign);
