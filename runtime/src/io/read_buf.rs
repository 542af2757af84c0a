//! The buffer that a read fills: memory of which a first part may be uninitialised no longer.
//!
//! ```text
//!   0 ............. filled ............. initialized ............. capacity
//!   │   read data   │   old or zeroed    │      uninitialised      │
//! ```
//!
//! Invariants, on which every unsafe block below rests:
//! 1. `filled ≤ initialized ≤ buf.len()`;
//! 2. the first `initialized` bytes of `buf` are initialised. Safe code cannot undo that: it reaches them
//!    as `u8` only. Whoever calls the unsafe [`ReadBuf::inner_mut`] or [`ReadBuf::unfilled_mut`] promises not
//!    to write uninitialised bytes there.

#[cfg(feature = "bytes")]
use bytes::BufMut;
#[cfg(feature = "bytes")]
use bytes::buf::UninitSlice;
use std::fmt;
use std::mem::MaybeUninit;

/// A buffer that is filled from its start, and knows how much of it is filled and how much is initialised.
///
/// The memory may be uninitialised, so that nobody has to zero it before a read overwrites it anyway. The
/// *filled* part is what was read; the *initialised* part contains it, and stays initialised when the
/// buffer is cleared.
///
/// # Examples
///
/// ```
/// use leno::io::ReadBuf;
/// use std::mem::MaybeUninit;
///
/// let mut memory = [MaybeUninit::uninit(); 16];
/// let mut buf = ReadBuf::uninit(&mut memory);
/// buf.put_slice(b"some ");
/// buf.initialize_unfilled_to(5).copy_from_slice(b"bytes");
/// buf.advance(5);
///
/// assert_eq!(buf.filled(), b"some bytes");
/// assert_eq!(buf.remaining(), 6);
/// ```
pub struct ReadBuf<'a> {
    buf: &'a mut [MaybeUninit<u8>],
    filled: usize,
    initialized: usize,
}

impl<'a> ReadBuf<'a> {
    /// A buffer over initialised memory, not filled yet.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::ReadBuf;
    ///
    /// let mut memory = [0; 8];
    /// let mut buf = ReadBuf::new(&mut memory);
    /// assert!(buf.filled().is_empty());
    /// assert_eq!(buf.initialized().len(), 8);
    ///
    /// buf.put_slice(b"abc");
    /// assert_eq!(buf.filled(), b"abc");
    /// ```
    #[inline]
    pub fn new(buf: &'a mut [u8]) -> ReadBuf<'a> {
        let initialized = buf.len();
        // SAFETY: the two types have the same layout. The reference could be used to write uninitialised
        // bytes into memory that its lender takes for `u8`s; invariant 2 forbids that, as all of it is
        // `initialized`.
        let buf = unsafe { &mut *(buf as *mut [u8] as *mut [MaybeUninit<u8>]) };
        ReadBuf {
            buf,
            filled: 0,
            initialized,
        }
    }

    /// A buffer over memory that need not be initialised. [`assume_init`](Self::assume_init) tells it if
    /// some is.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::ReadBuf;
    /// use std::mem::MaybeUninit;
    ///
    /// // Nothing is zeroed, however large it is.
    /// let mut memory = [MaybeUninit::uninit(); 4096];
    /// let mut buf = ReadBuf::uninit(&mut memory);
    /// assert_eq!(buf.initialized().len(), 0);
    ///
    /// buf.put_slice(b"abc");
    /// assert_eq!(buf.initialized(), b"abc");
    /// ```
    #[inline]
    pub fn uninit(buf: &'a mut [MaybeUninit<u8>]) -> ReadBuf<'a> {
        ReadBuf {
            buf,
            filled: 0,
            initialized: 0,
        }
    }

    /// How much the buffer can hold in all.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::ReadBuf;
    ///
    /// let mut memory = [0; 8];
    /// let mut buf = ReadBuf::new(&mut memory);
    /// buf.put_slice(b"abc");
    /// assert_eq!(buf.capacity(), buf.filled().len() + buf.remaining());
    /// ```
    #[inline]
    pub fn capacity(&self) -> usize {
        self.buf.len()
    }

    /// The filled part.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::{AsyncRead, ReadBuf};
    /// use std::future::poll_fn;
    /// use std::pin::Pin;
    ///
    /// # leno::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let mut source: &[u8] = b"some bytes";
    /// let mut memory = [0; 4];
    /// let mut buf = ReadBuf::new(&mut memory);
    /// poll_fn(|cx| Pin::new(&mut source).poll_read(cx, &mut buf)).await?;
    /// assert_eq!(buf.filled(), b"some");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn filled(&self) -> &[u8] {
        // SAFETY: initialised by invariants 1 and 2.
        unsafe { assume_init_ref(&self.buf[..self.filled]) }
    }

    /// The filled part, to be changed in place.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::ReadBuf;
    ///
    /// // What was read is decoded in its place.
    /// let mut memory = [0; 8];
    /// let mut buf = ReadBuf::new(&mut memory);
    /// buf.put_slice(b"shout");
    /// buf.filled_mut().make_ascii_uppercase();
    /// assert_eq!(buf.filled(), b"SHOUT");
    /// ```
    #[inline]
    pub fn filled_mut(&mut self) -> &mut [u8] {
        // SAFETY: initialised by invariants 1 and 2.
        unsafe { assume_init_mut(&mut self.buf[..self.filled]) }
    }

    /// A buffer over the first `n` unfilled bytes, or over all of them if there are fewer.
    ///
    /// This buffer does not see what happens to that one: [`assume_init`](Self::assume_init) and
    /// [`advance`](Self::advance) it afterwards.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::ReadBuf;
    ///
    /// let mut memory = [0; 8];
    /// let mut buf = ReadBuf::new(&mut memory);
    /// let mut first_three = buf.take(3);
    /// assert_eq!(first_three.remaining(), 3);
    /// first_three.put_slice(b"abc");
    ///
    /// assert!(buf.filled().is_empty());
    /// buf.advance(3);
    /// assert_eq!(buf.filled(), b"abc");
    /// ```
    #[inline]
    pub fn take(&mut self, n: usize) -> ReadBuf<'_> {
        let n = n.min(self.remaining());
        ReadBuf {
            initialized: (self.initialized - self.filled).min(n),
            buf: &mut self.buf[self.filled..self.filled + n],
            filled: 0,
        }
    }

    /// The initialised part, which begins with the filled one.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::ReadBuf;
    /// use std::mem::MaybeUninit;
    ///
    /// let mut memory = [MaybeUninit::uninit(); 8];
    /// let mut buf = ReadBuf::uninit(&mut memory);
    /// buf.put_slice(b"abc");
    /// buf.clear();
    /// // Cleared is not forgotten: these bytes need no zeroing any more.
    /// assert_eq!(buf.initialized(), b"abc");
    /// ```
    #[inline]
    pub fn initialized(&self) -> &[u8] {
        // SAFETY: initialised by invariant 2.
        unsafe { assume_init_ref(&self.buf[..self.initialized]) }
    }

    /// The initialised part, to be changed in place.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::ReadBuf;
    ///
    /// let mut memory = [7; 4];
    /// let mut buf = ReadBuf::new(&mut memory);
    /// buf.initialized_mut().fill(0);
    /// buf.set_filled(2);
    /// assert_eq!(buf.filled(), [0, 0]);
    /// ```
    #[inline]
    pub fn initialized_mut(&mut self) -> &mut [u8] {
        // SAFETY: initialised by invariant 2.
        unsafe { assume_init_mut(&mut self.buf[..self.initialized]) }
    }

    /// The whole memory, without regard to what is filled.
    ///
    /// # Safety
    ///
    /// The caller must not write uninitialised bytes over initialised ones.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::ReadBuf;
    ///
    /// let mut memory = [0; 4];
    /// let mut buf = ReadBuf::new(&mut memory);
    /// buf.put_slice(b"abc");
    /// // SAFETY: nothing is written.
    /// let whole = unsafe { buf.inner_mut() };
    /// assert_eq!(whole.len(), 4);
    /// ```
    #[inline]
    pub unsafe fn inner_mut(&mut self) -> &mut [MaybeUninit<u8>] {
        self.buf
    }

    /// The unfilled part, which need not be initialised.
    ///
    /// # Safety
    ///
    /// The caller must not write uninitialised bytes over initialised ones.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::ReadBuf;
    /// use std::mem::MaybeUninit;
    ///
    /// let mut memory = [MaybeUninit::uninit(); 8];
    /// let mut buf = ReadBuf::uninit(&mut memory);
    /// // As a system call does: it writes two bytes, and says how many.
    /// // SAFETY: only initialised bytes are written.
    /// let unfilled = unsafe { buf.unfilled_mut() };
    /// unfilled[0].write(b'o');
    /// unfilled[1].write(b'k');
    /// // SAFETY: the first two bytes have just been written.
    /// unsafe { buf.assume_init(2) };
    /// buf.advance(2);
    /// assert_eq!(buf.filled(), b"ok");
    /// ```
    #[inline]
    pub unsafe fn unfilled_mut(&mut self) -> &mut [MaybeUninit<u8>] {
        &mut self.buf[self.filled..]
    }

    /// The unfilled part, zeroed where it was not initialised. What is initialised already costs nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::ReadBuf;
    /// use std::io::Read;
    /// use std::mem::MaybeUninit;
    ///
    /// // For a reader that wants `&mut [u8]`, such as std's.
    /// let mut memory = [MaybeUninit::uninit(); 8];
    /// let mut buf = ReadBuf::uninit(&mut memory);
    /// let read = (&b"abc"[..]).read(buf.initialize_unfilled())?;
    /// buf.advance(read);
    /// assert_eq!(buf.filled(), b"abc");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn initialize_unfilled(&mut self) -> &mut [u8] {
        self.initialize_unfilled_to(self.remaining())
    }

    /// The first `n` unfilled bytes, zeroed where they were not initialised.
    ///
    /// # Panics
    ///
    /// If fewer than `n` bytes [remain](Self::remaining).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::ReadBuf;
    /// use std::mem::MaybeUninit;
    ///
    /// let mut memory = [MaybeUninit::uninit(); 4096];
    /// let mut buf = ReadBuf::uninit(&mut memory);
    /// // Four bytes are zeroed, not four thousand.
    /// buf.initialize_unfilled_to(4).copy_from_slice(&7_u32.to_be_bytes());
    /// buf.advance(4);
    /// assert_eq!(buf.filled(), [0, 0, 0, 7]);
    /// ```
    #[inline]
    #[track_caller]
    pub fn initialize_unfilled_to(&mut self, n: usize) -> &mut [u8] {
        assert!(
            n <= self.remaining(),
            "cannot initialize {n} bytes of a ReadBuf with {} remaining",
            self.remaining()
        );
        let end = self.filled + n;
        if self.initialized < end {
            self.buf[self.initialized..end].fill(MaybeUninit::new(0));
            self.initialized = end;
        }
        // SAFETY: `end` is at most `initialized`, hence initialised by invariant 2.
        unsafe { assume_init_mut(&mut self.buf[self.filled..end]) }
    }

    /// How many bytes are not filled yet.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::ReadBuf;
    ///
    /// let mut memory = [0; 8];
    /// let mut buf = ReadBuf::new(&mut memory);
    /// let source = b"more than eight bytes";
    /// let fits = source.len().min(buf.remaining());
    /// buf.put_slice(&source[..fits]);
    /// assert_eq!(buf.remaining(), 0);
    /// assert_eq!(buf.filled(), b"more tha");
    /// ```
    #[inline]
    pub fn remaining(&self) -> usize {
        self.capacity() - self.filled
    }

    /// Makes nothing filled. What is initialised stays so.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::ReadBuf;
    ///
    /// let mut memory = [0; 4];
    /// let mut buf = ReadBuf::new(&mut memory);
    /// let mut sum = 0;
    /// for packet in [&[1, 2][..], &[3, 4, 5]] {
    ///     buf.clear();
    ///     buf.put_slice(packet);
    ///     sum += buf.filled().iter().sum::<u8>();
    /// }
    /// assert_eq!(sum, 15);
    /// ```
    #[inline]
    pub fn clear(&mut self) {
        self.filled = 0;
    }

    /// Makes `n` more bytes filled.
    ///
    /// # Panics
    ///
    /// If they are not all initialised.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::ReadBuf;
    ///
    /// let mut memory = [0; 8];
    /// let mut buf = ReadBuf::new(&mut memory);
    /// buf.initialize_unfilled()[..2].copy_from_slice(b"ok");
    /// buf.advance(2);
    /// assert_eq!(buf.filled(), b"ok");
    /// ```
    #[inline]
    #[track_caller]
    pub fn advance(&mut self, n: usize) {
        let filled = self
            .filled
            .checked_add(n)
            .expect("a ReadBuf cannot be filled with more bytes than memory has");
        self.set_filled(filled);
    }

    /// Makes the first `n` bytes filled, which may also be fewer than before.
    ///
    /// # Panics
    ///
    /// If they are not all initialised.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::ReadBuf;
    ///
    /// // The padding behind a message is taken back.
    /// let mut memory = [0; 8];
    /// let mut buf = ReadBuf::new(&mut memory);
    /// buf.put_slice(b"text    ");
    /// let length = buf.filled().trim_ascii_end().len();
    /// buf.set_filled(length);
    /// assert_eq!(buf.filled(), b"text");
    /// ```
    #[inline]
    #[track_caller]
    pub fn set_filled(&mut self, n: usize) {
        assert!(
            n <= self.initialized,
            "cannot fill a ReadBuf to {n} bytes when {} are initialized",
            self.initialized
        );
        self.filled = n;
    }

    /// Says that the first `n` unfilled bytes are initialised. Does not make fewer so than are already.
    ///
    /// # Safety
    ///
    /// They must exist and have been initialised.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::ReadBuf;
    /// use std::mem::MaybeUninit;
    ///
    /// let mut memory = [MaybeUninit::uninit(); 8];
    /// memory[..3].fill(MaybeUninit::new(b'x'));
    /// let mut buf = ReadBuf::uninit(&mut memory);
    /// // SAFETY: the first three bytes were written above.
    /// unsafe { buf.assume_init(3) };
    /// buf.advance(3);
    /// assert_eq!(buf.filled(), b"xxx");
    /// ```
    #[inline]
    pub unsafe fn assume_init(&mut self, n: usize) {
        self.initialized = self.initialized.max(self.filled + n);
    }

    /// Fills with the bytes of `buf`.
    ///
    /// # Panics
    ///
    /// If `buf` is longer than what [remains](Self::remaining).
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::io::ReadBuf;
    ///
    /// let mut memory = [0; 8];
    /// let mut buf = ReadBuf::new(&mut memory);
    /// buf.put_slice(b"ab");
    /// buf.put_slice(b"cd");
    /// assert_eq!(buf.filled(), b"abcd");
    /// ```
    #[inline]
    #[track_caller]
    pub fn put_slice(&mut self, buf: &[u8]) {
        assert!(
            buf.len() <= self.remaining(),
            "cannot put {} bytes into a ReadBuf with {} remaining",
            buf.len(),
            self.remaining()
        );
        let end = self.filled + buf.len();
        // SAFETY: the two types have the same layout, and initialised bytes are valid `MaybeUninit`s.
        let buf = unsafe { &*(buf as *const [u8] as *const [MaybeUninit<u8>]) };
        self.buf[self.filled..end].copy_from_slice(buf);
        self.initialized = self.initialized.max(end);
        self.filled = end;
    }
}

#[cfg(feature = "bytes")]
// SAFETY: `chunk_mut` is the unfilled part, `remaining_mut` its length, and `advance_mut` moves its start.
unsafe impl BufMut for ReadBuf<'_> {
    #[inline]
    fn remaining_mut(&self) -> usize {
        self.remaining()
    }

    #[inline]
    unsafe fn advance_mut(&mut self, cnt: usize) {
        assert!(
            cnt <= self.remaining(),
            "cannot advance a ReadBuf by {cnt} bytes with {} remaining",
            self.remaining()
        );
        // SAFETY: the caller has initialised `cnt` bytes of the chunk, which is the unfilled part.
        unsafe { self.assume_init(cnt) };
        self.advance(cnt);
    }

    #[inline]
    fn chunk_mut(&mut self) -> &mut UninitSlice {
        // An `UninitSlice` cannot be used to write uninitialised bytes, so invariant 2 is safe with it.
        UninitSlice::uninit(&mut self.buf[self.filled..])
    }
}

impl fmt::Debug for ReadBuf<'_> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadBuf")
            .field("filled", &self.filled)
            .field("initialized", &self.initialized)
            .field("capacity", &self.capacity())
            .finish()
    }
}

/// # Safety
///
/// All of `bytes` must be initialised.
#[inline]
unsafe fn assume_init_ref(bytes: &[MaybeUninit<u8>]) -> &[u8] {
    // SAFETY: the two types have the same layout, and the caller says that all is initialised.
    unsafe { &*(bytes as *const [MaybeUninit<u8>] as *const [u8]) }
}

/// # Safety
///
/// All of `bytes` must be initialised.
#[inline]
unsafe fn assume_init_mut(bytes: &mut [MaybeUninit<u8>]) -> &mut [u8] {
    // SAFETY: the two types have the same layout, and the caller says that all is initialised.
    unsafe { &mut *(bytes as *mut [MaybeUninit<u8>] as *mut [u8]) }
}
