//! Threads that serve connections, each with an event loop of its own.
//!
//! A dialogue goes to and fro: a thread that is woken for each line costs more than the line. So a connection stays
//! on one thread, and the one that accepts keeps it for itself unless others have less to do. A server with one
//! client is a program with one thread.

use std::{
    io,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};
use tokio::{
    net::TcpStream,
    runtime::{Builder, Handle, Runtime},
};

/// As many as there are processors, at most.
const MOST: usize = 16;

/// The threads. The first is the caller's.
#[derive(Debug)]
pub struct Workers {
    first: Runtime,
    first_load: Arc<AtomicUsize>,
    others: Vec<Worker>,
}

/// A thread that starts when it is wanted.
#[derive(Debug, Default)]
struct Worker {
    handle: OnceLock<Option<Handle>>,
    load: Arc<AtomicUsize>,
}

/// Counts a connection as long as it is there.
struct Load(Arc<AtomicUsize>);

impl Load {
    fn new(load: &Arc<AtomicUsize>) -> Self {
        load.fetch_add(1, Ordering::Relaxed);
        Load(load.clone())
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Workers {
    /// # Errors
    /// The system gives no event loop.
    pub fn new() -> io::Result<Self> {
        let count = thread::available_parallelism().map_or(1, usize::from).min(MOST);
        Ok(Workers {
            first: event_loop()?,
            first_load: Arc::default(),
            others: (1..count).map(|_| Worker::default()).collect(),
        })
    }

    /// Runs this on the caller's thread, with the connections that stay here.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.first.block_on(future)
    }

    /// Serves a connection on the thread that has the fewest.
    pub fn spawn<F>(&self, tcp: TcpStream, serve: impl FnOnce(TcpStream) -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let of = |load: &AtomicUsize| load.load(Ordering::Relaxed);
        let other = self.others.iter().min_by_key(|other| of(&other.load));
        let other = other.filter(|other| of(&other.load) < of(&self.first_load));
        if let Some((other, handle)) = other.and_then(|other| Some((other, other.handle()?))) {
            // What has been accepted here is known to the event loop here.
            let load = Load::new(&other.load);
            if let Ok(tcp) = tcp.into_std() {
                handle.spawn(async move {
                    if let Ok(tcp) = TcpStream::from_std(tcp) {
                        serve(tcp).await;
                    }
                    drop(load);
                });
            }
            return;
        }
        let load = Load::new(&self.first_load);
        self.first.spawn(async move {
            serve(tcp).await;
            drop(load);
        });
    }
}

impl Worker {
    /// `None`: the system gives no thread, and it goes on with those that there are.
    fn handle(&self) -> Option<&Handle> {
        let start = || {
            let runtime = event_loop().ok()?;
            let handle = runtime.handle().clone();
            let run = move || runtime.block_on(std::future::pending::<()>());
            thread::Builder::new().name("worker".to_owned()).spawn(run).ok()?;
            Some(handle)
        };
        self.handle.get_or_init(start).as_ref()
    }
}

fn event_loop() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}
