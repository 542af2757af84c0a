//! Times to be given to a file.

use std::time::SystemTime;

/// The times that [`File::set_times`](super::File::set_times) gives to a file; those that are not set stay as they are.
///
/// # Example
///
/// ```
/// use leno::fs::{File, FileTimes};
/// use std::time::SystemTime;
///
/// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # let folder = tempfile::tempdir()?;
/// let file = File::create(folder.path().join("old")).await?;
/// file.set_times(FileTimes::new().set_modified(SystemTime::UNIX_EPOCH)).await?;
/// assert_eq!(file.metadata().await?.modified()?, SystemTime::UNIX_EPOCH);
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "times do nothing until they are given to `File::set_times`"]
pub struct FileTimes(std::fs::FileTimes);

impl FileTimes {
    /// No times: nothing would change.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the time of the last access.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::fs::{File, FileTimes};
    /// use std::time::{Duration, SystemTime};
    ///
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// let file = File::create(folder.path().join("file")).await?;
    /// let day = SystemTime::UNIX_EPOCH + Duration::from_secs(86_400);
    /// file.set_times(FileTimes::new().set_accessed(day)).await?;
    /// assert_eq!(file.metadata().await?.accessed()?, day);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn set_accessed(self, t: SystemTime) -> Self {
        Self(self.0.set_accessed(t))
    }

    /// Sets the time of the last modification.
    ///
    /// # Examples
    ///
    /// ```
    /// use leno::fs::{File, FileTimes};
    ///
    /// # leno::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # leno::fs::write(folder.path().join("original"), "").await?;
    /// // A copy gets the times of its original.
    /// let original = leno::fs::metadata(folder.path().join("original")).await?;
    /// let copy = File::create(folder.path().join("copy")).await?;
    /// let times = FileTimes::new().set_modified(original.modified()?).set_accessed(original.accessed()?);
    /// copy.set_times(times).await?;
    /// assert_eq!(copy.metadata().await?.modified()?, original.modified()?);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn set_modified(self, t: SystemTime) -> Self {
        Self(self.0.set_modified(t))
    }

    pub(super) fn into_std(self) -> std::fs::FileTimes {
        self.0
    }
}
