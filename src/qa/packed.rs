//! Lists of numbers as bytes, read in place: what is built into the program needs no unpacking and no memory of its own
//! until it is looked at. All are little-endian.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::marker::PhantomData;

/// A list of numbers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Packed<T> {
    #[serde(borrow)]
    bytes: Cow<'static, [u8]>,
    #[serde(skip)]
    of: PhantomData<T>,
}

/// A number of fixed size.
pub trait Number: Copy + Default {
    /// Its bytes.
    const SIZE: usize;
    /// Appends them.
    fn write(self, bytes: &mut Vec<u8>);
    /// Reads it; 0 where there are too few bytes.
    fn read(bytes: &[u8]) -> Self;
}

macro_rules! number {
    ($($of:ty)*) => {$(
        impl Number for $of {
            const SIZE: usize = size_of::<$of>();
            fn write(self, bytes: &mut Vec<u8>) {
                bytes.extend(self.to_le_bytes());
            }
            #[inline]
            fn read(bytes: &[u8]) -> Self {
                bytes.try_into().map_or(0 as $of, <$of>::from_le_bytes)
            }
        }
    )*};
}
number!(u8 u16 u32);

/// A whole number of three bytes, up to 16,777,215.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct U24(pub u32);

impl Number for U24 {
    const SIZE: usize = 3;
    fn write(self, bytes: &mut Vec<u8>) {
        bytes.extend(&self.0.to_le_bytes()[..3]);
    }
    #[inline]
    fn read(bytes: &[u8]) -> Self {
        bytes.try_into().map_or(Self(0), |[a, b, c]: [u8; 3]| Self(u32::from_le_bytes([a, b, c, 0])))
    }
}

impl<T> Default for Packed<T> {
    fn default() -> Self {
        Self { bytes: Cow::Borrowed(&[]), of: PhantomData }
    }
}

impl<T: Number> Packed<T> {
    /// Packs numbers.
    pub fn new(numbers: impl IntoIterator<Item = T>) -> Self {
        let mut bytes = Vec::new();
        numbers.into_iter().for_each(|number| number.write(&mut bytes));
        Self { bytes: Cow::Owned(bytes), of: PhantomData }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.bytes.len() / T::SIZE
    }

    /// The number at a place; 0 past the end.
    #[inline]
    pub fn get(&self, place: usize) -> T {
        self.bytes.get(place * T::SIZE..(place + 1) * T::SIZE).map_or_else(T::default, T::read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_in_place_what_it_wrote() {
        let packed = Packed::new([1u32, 70_000, 3]);
        let bytes: &'static [u8] = postcard::to_allocvec(&packed).expect("it is written").leak();
        let read: Packed<u32> = postcard::from_bytes(bytes).expect("it is read");
        assert!(matches!(read.bytes, Cow::Borrowed(_)));
        assert_eq!((read.len(), read.get(1), read.get(3)), (3, 70_000, 0));
        assert_eq!(Packed::new([U24(1), U24(70_000)]).get(1), U24(70_000));
    }
}
