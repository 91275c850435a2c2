//! What an uploaded image looks like, read from its first bytes.

use imagesize::{Compression, ImageType};

/// Dimensions and format of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageInfo {
    /// Height in pixels.
    pub height: u64,
    /// Width in pixels.
    pub width: u64,
    /// Short name of the format, such as `png` or `jpg`.
    pub format: &'static str,
}

impl ImageInfo {
    /// Reads the head of a file; `None` when it is no image of a known format.
    pub fn read(head: &[u8]) -> Option<Self> {
        let format = format_of(imagesize::image_type(head).ok()?)?;
        let size = imagesize::blob_size(head).ok()?;
        Some(Self {
            height: u64::try_from(size.height).ok()?,
            width: u64::try_from(size.width).ok()?,
            format,
        })
    }
}

fn format_of(kind: ImageType) -> Option<&'static str> {
    Some(match kind {
        ImageType::Bmp => "bmp",
        ImageType::Gif => "gif",
        ImageType::Heif(Compression::Av1) => "avif",
        ImageType::Heif(_) => "heic",
        ImageType::Jpeg => "jpg",
        ImageType::Png => "png",
        ImageType::Tiff => "tiff",
        ImageType::Webp => "webp",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut head = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        head.extend(width.to_be_bytes());
        head.extend(height.to_be_bytes());
        head.extend([8, 6, 0, 0, 0]);
        head
    }

    fn gif(width: u16, height: u16) -> Vec<u8> {
        let mut head = b"GIF89a".to_vec();
        head.extend(width.to_le_bytes());
        head.extend(height.to_le_bytes());
        head.extend([0; 8]);
        head
    }

    #[test]
    fn dimensions_come_from_the_head() {
        let image = |height, width, format| {
            Some(ImageInfo {
                height,
                width,
                format,
            })
        };
        assert_eq!(ImageInfo::read(&png(640, 480)), image(480, 640, "png"));
        assert_eq!(ImageInfo::read(&gif(3, 7)), image(7, 3, "gif"));
        assert_eq!(ImageInfo::read(b""), None);
        assert_eq!(ImageInfo::read(b"plain text, no image"), None);
        assert_eq!(ImageInfo::read(&png(1, 1)[..12]), None);
    }

    proptest! {
        #[test]
        fn no_upload_makes_it_panic(
            magic in prop::sample::select(vec![
                &b""[..], b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xe1\0\x10Exif\0\0II*\0",
                b"BM", b"RIFF\x20\0\0\0WEBPVP8 ", b"RIFF\x20\0\0\0WEBPVP8L", b"RIFF\x20\0\0\0WEBPVP8X",
                b"II*\0", b"MM\0*", b"\0\0\0\x18ftypheic", b"\0\0\0\x18ftypavif",
            ]),
            rest in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let head = [magic, &rest[..]].concat();
            let _ = ImageInfo::read(&head);
        }
    }
}
