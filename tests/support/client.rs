//! A plain HTTP/1.1 client over one connection (RFC 9112): small enough to see what it sends.

use base64::Engine;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// An answer.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The header fields, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header field of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// All header fields of this name.
    pub fn headers(&self, name: &str) -> Vec<&str> {
        self.headers
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// The elements of a header field that is a list.
    pub fn list(&self, name: &str) -> Vec<String> {
        self.headers(name)
            .iter()
            .flat_map(|value| value.split(','))
            .map(|element| element.trim().to_owned())
            .filter(|element| !element.is_empty())
            .collect()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Fails unless the status is this; says what came instead.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        self.expect_any(&[status])
    }

    /// Fails unless the status is one of these.
    #[track_caller]
    pub fn expect_any(self, statuses: &[u16]) -> Self {
        assert!(
            statuses.contains(&self.status),
            "expected {statuses:?}, got {} {:?}\n{}",
            self.status,
            self.headers,
            self.text().chars().take(2000).collect::<String>()
        );
        self
    }
}

/// The value of `Authorization` for a name and a password. RFC 7617 §2.
pub fn basic(name: &str, password: &str) -> String {
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{name}:{password}"));
    format!("Basic {pair}")
}

/// A client with a connection that it keeps.
pub struct Client {
    address: SocketAddr,
    host: String,
    authorization: Option<String>,
    connection: Option<BufReader<TcpStream>>,
    timeout: Duration,
}

impl Client {
    /// A client that does not sign in.
    pub fn anonymous(address: SocketAddr) -> Self {
        Self {
            address,
            host: address.to_string(),
            authorization: None,
            connection: None,
            timeout: Duration::from_secs(60),
        }
    }

    /// A client that signs in with a password.
    pub fn user(address: SocketAddr, name: &str, password: &str) -> Self {
        Self {
            authorization: Some(basic(name, password)),
            ..Self::anonymous(address)
        }
    }

    /// Names this Host in its requests.
    pub fn at(mut self, host: &str) -> Self {
        self.host = host.to_owned();
        self
    }

    /// How long it waits for an answer.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sends a request and reads the answer.
    #[track_caller]
    pub fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Response {
        self.try_send(method, path, headers, body)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// Sends a request and reads the answer, if there is one.
    pub fn try_send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Response> {
        let mut received = Vec::new();
        let mut response = self.exchange(
            method,
            path,
            headers,
            body.len() as u64,
            &mut &body[..],
            &mut received,
        )?;
        response.body = received;
        Ok(response)
    }

    /// Sends a request whose body is read from `body`, and writes the answer's body to `received`:
    /// for bodies that are better not held in memory.
    pub fn exchange(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        length: u64,
        body: &mut dyn Read,
        received: &mut dyn Write,
    ) -> io::Result<Response> {
        let has_body = length > 0 || matches!(method, "PUT" | "POST");
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.host);
        if let Some(authorization) = &self.authorization {
            head.push_str(&format!("authorization: {authorization}\r\n"));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if has_body {
            head.push_str(&format!("content-length: {length}\r\n"));
        }
        head.push_str("\r\n");

        let reused = self.connection.is_some();
        let mut connection = self.connect()?;
        let mut begun = connection.get_mut().write_all(head.as_bytes());
        if begun.is_ok() {
            begun = connection.fill_buf_if_closed();
        }
        if reused && begun.is_err() {
            // The server may end a connection that waits at any time. RFC 9112 §9.3.1.
            self.connection = None;
            connection = self.connect()?;
            connection.get_mut().write_all(head.as_bytes())?;
        } else {
            begun?;
        }
        // A server may answer before it has read the body, and end the connection then: what it
        // said counts.
        let sent = io::copy(&mut body.take(length), connection.get_mut());
        let response = read_response(&mut connection, method, received);
        let (response, persistent) = match (response, sent) {
            (Ok(response), _) => response,
            (Err(_), Err(error)) | (Err(error), Ok(_)) => return Err(error),
        };
        if persistent {
            self.connection = Some(connection);
        }
        Ok(response)
    }

    /// Sends a body in chunks. RFC 9112 §7.1.
    #[track_caller]
    pub fn send_chunked(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        pieces: &[&[u8]],
    ) -> Response {
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\ntransfer-encoding: chunked\r\n",
            self.address
        )
        .into_bytes();
        if let Some(authorization) = &self.authorization {
            request.extend(format!("authorization: {authorization}\r\n").bytes());
        }
        for (name, value) in headers {
            request.extend(format!("{name}: {value}\r\n").bytes());
        }
        request.extend(b"\r\n");
        for piece in pieces {
            request.extend(format!("{:x}\r\n", piece.len()).bytes());
            request.extend(*piece);
            request.extend(b"\r\n");
        }
        request.extend(b"0\r\n\r\n");
        self.raw(&request, method)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// Sends these bytes over a connection of their own, and reads an answer if there is one.
    pub fn raw(&self, request: &[u8], method: &str) -> io::Result<Response> {
        let mut connection = self.open()?;
        let sent = connection.get_mut().write_all(request);
        let mut received = Vec::new();
        match read_response(&mut connection, method, &mut received) {
            Ok((mut response, _)) => {
                response.body = received;
                Ok(response)
            }
            Err(error) => Err(sent.err().unwrap_or(error)),
        }
    }

    fn connect(&mut self) -> io::Result<BufReader<TcpStream>> {
        match self.connection.take() {
            Some(connection) => Ok(connection),
            None => self.open(),
        }
    }

    fn open(&self) -> io::Result<BufReader<TcpStream>> {
        let stream = TcpStream::connect_timeout(&self.address, Duration::from_secs(10))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(self.timeout))?;
        stream.set_write_timeout(Some(self.timeout))?;
        Ok(BufReader::with_capacity(64 * 1024, stream))
    }

    /// Whom it signs in as.
    pub fn authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }
}

/// Notices that a kept connection was ended meanwhile.
trait Closed {
    fn fill_buf_if_closed(&mut self) -> io::Result<()>;
}

impl Closed for BufReader<TcpStream> {
    fn fill_buf_if_closed(&mut self) -> io::Result<()> {
        let stream = self.get_ref();
        stream.set_nonblocking(true)?;
        let peeked = stream.peek(&mut [0; 1]);
        stream.set_nonblocking(false)?;
        match peeked {
            Ok(0) => Err(io::ErrorKind::ConnectionAborted.into()),
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(()),
        }
    }
}

/// Reads an answer; says whether the connection may be used again. Interim answers are skipped.
fn read_response(
    connection: &mut impl BufRead,
    method: &str,
    received: &mut dyn Write,
) -> io::Result<(Response, bool)> {
    loop {
        let mut response = read_head(connection)?;
        if (100..200).contains(&response.status) && response.status != 101 {
            continue;
        }
        let framed = response.header("content-length").map(str::to_owned);
        let chunked = response
            .header("transfer-encoding")
            .is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
        let mut persistent = response
            .header("connection")
            .is_none_or(|value| !value.eq_ignore_ascii_case("close"));
        if method == "HEAD" || matches!(response.status, 101 | 204 | 304) {
        } else if chunked {
            read_chunks(connection, received)?;
        } else if let Some(length) = framed {
            let length: u64 = length
                .parse()
                .map_err(|_| bad(&format!("content-length: {length}")))?;
            let read = io::copy(&mut connection.take(length), received)?;
            if read < length {
                return Err(bad("the body ended early"));
            }
        } else {
            io::copy(connection, received)?;
            persistent = false;
        }
        response.body = Vec::new();
        return Ok((response, persistent));
    }
}

fn read_head(connection: &mut impl BufRead) -> io::Result<Response> {
    let line = read_line(connection)?;
    let status = line
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.get(2..5))
        .and_then(|code| code.parse().ok())
        .ok_or_else(|| bad(&format!("no status line: {line:?}")))?;
    let mut headers = Vec::new();
    loop {
        let line = read_line(connection)?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line
            .split_once(':')
            .ok_or_else(|| bad(&format!("no header field: {line:?}")))?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    Ok(Response {
        status,
        headers,
        body: Vec::new(),
    })
}

fn read_chunks(connection: &mut impl BufRead, received: &mut dyn Write) -> io::Result<()> {
    loop {
        let line = read_line(connection)?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(size, 16).map_err(|_| bad(&format!("chunk: {line:?}")))?;
        if io::copy(&mut connection.take(size), received)? < size {
            return Err(bad("a chunk ended early"));
        }
        // After the last chunk trailers may follow; after any other its end of line.
        while !read_line(connection)?.is_empty() {}
        if size == 0 {
            return Ok(());
        }
    }
}

fn read_line(connection: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    connection.read_until(b'\n', &mut line)?;
    if line.pop() != Some(b'\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(String::from_utf8_lossy(&line).into_owned())
}

fn bad(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
