//! What a connection is to whoever speaks over it, whatever it goes through.

use hyper::rt::{Read, Write};

/// A connection, whatever it goes through.
pub(super) type BoxedStream = Box<dyn ByteStream>;

/// What a connection can do.
pub(super) trait ByteStream: Read + Write + Unpin + Send {}
impl<T: Read + Write + Unpin + Send> ByteStream for T {}
