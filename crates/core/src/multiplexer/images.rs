//! What images a prompt may bring.

use crate::image::NewImage;
use crate::limits::{IMAGE_NAME_BYTES, PROMPT_IMAGE_BYTES, PROMPT_IMAGES};
use crate::refusal::Refusal;

/// Refuses images that no prompt may have.
pub(super) fn refuse_bad(images: &[NewImage], most: u64) -> Result<(), Refusal> {
    if images.len() > PROMPT_IMAGES {
        return Err(Refusal::TooManyImages { limit: PROMPT_IMAGES });
    }
    let mut all = 0;
    for image in images {
        let is_named = !image.name.is_empty() && image.name.len() <= IMAGE_NAME_BYTES;
        let Some(size) = image.size().filter(|_| is_named && image.width > 0 && image.height > 0) else {
            return Err(Refusal::BadImage);
        };
        if size > most {
            return Err(Refusal::ImagesTooLarge { size, limit: most });
        }
        all += size;
    }
    if all > PROMPT_IMAGE_BYTES {
        return Err(Refusal::ImagesTooLarge { size: all, limit: PROMPT_IMAGE_BYTES });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::limits::IMAGE_BYTES;

    #[test]
    fn what_no_prompt_may_have_is_refused() {
        let ok = || NewImage::png("a.png", "aGk=");
        let large = |bytes: u64| "A".repeat(bytes.div_ceil(3) as usize * 4);
        let refused = |images: &[NewImage]| refuse_bad(images, IMAGE_BYTES).err();
        assert_eq!(refused(&[ok()]), None);
        assert_eq!(refused(&[]), None);
        assert_eq!(refused(&[NewImage::png("", "aGk=")]), Some(Refusal::BadImage));
        assert_eq!(
            refused(&[NewImage::png(&"n".repeat(IMAGE_NAME_BYTES + 1), "aGk=")]),
            Some(Refusal::BadImage)
        );
        assert_eq!(refused(&[NewImage::png("a", "no")]), Some(Refusal::BadImage));
        assert_eq!(refused(&[NewImage { width: 0, ..ok() }]), Some(Refusal::BadImage));
        assert_eq!(refused(&[NewImage::png("a", &large(IMAGE_BYTES))]), None);
        let limit = IMAGE_BYTES;
        assert_eq!(
            refused(&[NewImage::png("a", &large(IMAGE_BYTES + 1))]),
            Some(Refusal::ImagesTooLarge { size: limit + 3, limit })
        );
        let half = || NewImage::png("a", &large(PROMPT_IMAGE_BYTES / 2));
        assert_eq!(refused(&[half(), half()]), None);
        assert!(matches!(refused(&[half(), half(), ok()]), Some(Refusal::ImagesTooLarge { .. })));
        let many: Vec<NewImage> = (0..=PROMPT_IMAGES).map(|_| ok()).collect();
        assert_eq!(refused(&many), Some(Refusal::TooManyImages { limit: PROMPT_IMAGES }));
    }
}
