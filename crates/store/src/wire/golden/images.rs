//! Golden bytes of prompts that images go with.

use q_core::{Body, Image, ImageKind, ImagePlace, PromptNo, Prompted, Record, Seq, Token, WallTime};

use super::dump_log;

fn image(kind: ImageKind, kept: Option<ImagePlace>) -> Image {
    Image { name: "shot.png".into(), kind, width: 640, height: 70_000, size: 120_000, kept }
}

#[test]
fn prompts_with_images_are_written_as_ever() {
    let at = |from| Some(ImagePlace { record: Seq(3), from });
    let images = vec![image(ImageKind::Png, at(4)), image(ImageKind::Jpeg, at(300))];
    let (prompt, token, text) = (PromptNo(2), Token(5), "see".to_owned());
    let named = vec![image(ImageKind::Gif, None), image(ImageKind::WebP, None)];
    let body = Body::Prompt(Prompted { text: text.clone(), images: named, runs: false });
    insta::assert_snapshot!(dump_log(vec![
        ("queued", Record::Queued { prompt, token, text: text.clone(), images: images.clone(), runs: false }),
        ("edited", Record::Edited { prompt, text, images, runs: false }),
        ("imported", Record::Imported { at: WallTime(1_600_000_000_000), body }),
    ]));
}
