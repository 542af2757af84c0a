//! Lints tell of the function, not of the attribute, which may stand before a hundred of them.
#![deny(missing_docs)]

/// A shop.
pub struct Shop;

#[leno::coroutine]
impl Shop {
    /// This one is told of.
    pub async fn open(&self) {}

    pub async fn sell(&self, pieces: u32) -> Result<u32, String> {
        Ok(pieces)
    }

    #[must_use]
    pub async fn close(self) {}
}

fn main() {}
