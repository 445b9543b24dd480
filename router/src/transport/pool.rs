//! Connections over HTTP/1.1 without TLS. Whoever waits for an answer moves its connection along, so that a call needs neither a
//! task of its own nor a switch between threads.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future as _, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::Full;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Connections that nobody used for so long are closed.
const IDLE_TIME: Duration = Duration::from_secs(60);

type Error = Box<dyn std::error::Error + Send + Sync>;

/// The connections to one address. How many are open at one time is up to who calls.
pub(super) struct Pool {
    host: String,
    port: u16,
    /// The path, and the host as its header says it.
    path: Uri,
    authority: HeaderValue,
    connect_timeout: Duration,
    /// Those that wait for the next call, the one used last at the end.
    idle: Mutex<VecDeque<(Instant, Connection)>>,
}

/// What reads and writes.
type Driver = http1::Connection<TokioIo<TcpStream>, Full<Bytes>>;

struct Connection {
    sender: SendRequest<Full<Bytes>>,
    /// `None` once it has ended. It is dropped at once: only then does `sender` know that nobody will take a request.
    driver: Option<Pin<Box<Driver>>>,
}

impl Pool {
    /// A pool without connections yet.
    ///
    /// # Errors
    /// When the URL names no host.
    pub(super) fn new(url: &Uri, connect_timeout: Duration) -> Result<Arc<Self>, String> {
        let wrong = || format!("{url} is not of the form http://host:port/path");
        let host = url.host().ok_or_else(wrong)?;
        let port = url.port_u16();
        let authority = port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let path = url.path_and_query().map_or("/", |path| path.as_str());
        Ok(Arc::new(Self {
            // Brackets around an IPv6 address belong to the URL alone.
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: port.unwrap_or(80),
            path: path.parse().map_err(|_| wrong())?,
            authority: authority.parse().map_err(|_| wrong())?,
            connect_timeout,
            idle: Mutex::default(),
        }))
    }

    /// What requests are sent to.
    pub(super) fn path(&self) -> Uri {
        self.path.clone()
    }

    /// Sends a request to this path. The answer's body gives the connection back when it was read.
    ///
    /// # Errors
    /// When there is no connection or no answer.
    pub(super) async fn send(self: &Arc<Self>, mut request: Request<Full<Bytes>>) -> Result<Response<Answer>, Error> {
        request.headers_mut().insert(HOST, self.authority.clone());
        loop {
            let idle = self.take();
            let was_idle = idle.is_some();
            let mut connection = match idle {
                Some(connection) => connection,
                None => self.connect().await?,
            };
            if let Err(error) = connection.ready().await {
                // The other side closed it while nobody used it.
                if was_idle { continue } else { return Err(error) }
            }
            match connection.exchange(request).await {
                Ok(response) => {
                    let pool = Arc::clone(self);
                    return Ok(response.map(|body| Answer { body, rest: Some((connection, pool)) }));
                }
                Err(mut error) => match error.take_message() {
                    Some(unsent) if was_idle => request = unsent,
                    _ => return Err(error.into_error().into()),
                },
            }
        }
    }

    async fn connect(&self) -> Result<Connection, Error> {
        let connecting = TcpStream::connect((self.host.as_str(), self.port));
        let connected = tokio::time::timeout(self.connect_timeout, connecting).await;
        let stream = connected.map_err(|_| format!("no connection within {:?}", self.connect_timeout))??;
        stream.set_nodelay(true)?;
        let (sender, driver) = http1::handshake(TokioIo::new(stream)).await?;
        Ok(Connection { sender, driver: Some(Box::pin(driver)) })
    }

    fn take(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while idle.front().is_some_and(|(since, _)| since.elapsed() > IDLE_TIME) {
            idle.pop_front();
        }
        idle.pop_back().map(|(_, connection)| connection)
    }

    fn put(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push_back((Instant::now(), connection));
    }
}

impl Connection {
    /// Reads and writes what can be read and written now.
    fn drive(&mut self, context: &mut Context<'_>) {
        // How it ended is told to who waits for an answer.
        self.driver.take_if(|driver| driver.as_mut().poll(context).is_ready());
    }

    /// Returns when a request can be sent.
    async fn ready(&mut self) -> Result<(), Error> {
        poll_fn(|context| {
            self.drive(context);
            self.sender.poll_ready(context)
        })
        .await
        .map_err(Into::into)
    }

    async fn exchange(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, TrySendError<Request<Full<Bytes>>>> {
        let mut answer = pin!(self.sender.try_send_request(request));
        poll_fn(|context| {
            self.drive(context);
            answer.as_mut().poll(context)
        })
        .await
    }
}

/// The body of an answer.
pub(super) struct Answer {
    body: Incoming,
    /// What it takes to read on; gone when there is no more.
    rest: Option<(Connection, Arc<Pool>)>,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if let Some((connection, _)) = &mut self.rest {
            connection.drive(context);
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if frame.is_none()
            && let Some((connection, pool)) = self.rest.take()
            && connection.driver.is_some()
        {
            pool.put(connection);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        // Only the end that `poll_frame` sees gives the connection back.
        self.rest.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Pool({}:{})", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio::sync::mpsc;

    use super::*;

    /// Answers so many requests on each connection with the connection's number, then closes it and says so.
    async fn serve(listener: TcpListener, requests: usize, closed: mpsc::UnboundedSender<()>) {
        for number in 0.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            for _ in 0..requests {
                head_of(&mut stream).await;
                let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n{number}");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            drop(stream);
            closed.send(()).unwrap();
        }
    }

    async fn head_of(stream: &mut TcpStream) -> Vec<u8> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        head
    }

    async fn ask(pool: &Arc<Pool>) -> String {
        let request = Request::get(pool.path()).body(Full::default()).unwrap();
        let body = pool.send(request).await.unwrap().into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(body.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_connection_is_used_again_until_the_other_side_closes_it() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/graphql", listener.local_addr().unwrap()).parse().unwrap();
        let (closed, mut closings) = mpsc::unbounded_channel();
        tokio::spawn(serve(listener, 2, closed));
        let pool = Pool::new(&url, Duration::from_secs(5)).unwrap();
        assert_eq!((ask(&pool).await, ask(&pool).await), ("0".to_owned(), "0".to_owned()));
        closings.recv().await.unwrap();
        assert_eq!((ask(&pool).await, ask(&pool).await), ("1".to_owned(), "1".to_owned()));
        closings.recv().await.unwrap();
        assert_eq!(ask(&pool).await, "2");
    }

    #[tokio::test]
    async fn a_connection_that_was_closed_while_nobody_used_it_is_not_used_again() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let url = format!("http://{address}/graphql").parse().unwrap();
        let pool = Pool::new(&url, Duration::from_secs(5)).unwrap();
        for number in ["0", "1", "2"] {
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n{number}");
            let serving = async {
                let (mut stream, _) = listener.accept().await.unwrap();
                head_of(&mut stream).await;
                stream.write_all(answer.as_bytes()).await.unwrap();
                stream
            };
            let (mut stream, answered) = tokio::join!(serving, ask(&pool));
            assert_eq!(answered, number);
            assert_eq!(pool.idle.lock().unwrap().len(), 1, "the connection was kept");
            // Both ways of closing: only this side, and at once.
            if number == "0" {
                stream.shutdown().await.unwrap();
            } else {
                drop(stream);
            }
            // Another connection's way through the runtime takes the news of the closing along.
            let (connected, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
            assert!(connected.is_ok() && accepted.is_ok());
        }
    }

    #[tokio::test]
    async fn an_answer_that_is_not_read_to_its_end_takes_its_connection_along() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/graphql", listener.local_addr().unwrap()).parse().unwrap();
        let pool = Pool::new(&url, Duration::from_secs(5)).unwrap();
        let (closed, _closings) = mpsc::unbounded_channel();
        let serving = tokio::spawn(serve(listener, 1, closed));
        let request = Request::get(pool.path()).body(Full::default()).unwrap();
        drop(pool.send(request).await.unwrap());
        assert!(pool.take().is_none());
        serving.abort();
    }
}
