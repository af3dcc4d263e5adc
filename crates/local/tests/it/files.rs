//! Files that say what they are, and files that lie.

use q_local::gguf::GgufHeader;
use q_local::markup::{Markup, Speaker};
use q_local::model_file::ModelFile;
use q_testkit::gguf::{Fact, GgufFile};

use crate::support::World;

fn refused(bytes: &[u8]) -> String {
    match GgufHeader::read(bytes, bytes.len() as u64) {
        Ok(_) => panic!("it was taken"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_file_says_what_its_model_is() {
    let file = World::new().file();
    assert_eq!((file.name.as_str(), file.shape.layers, file.shape.width), ("small", 2, 64));
    let tensor = file.header.tensor("blk.1.ffn_down.weight").unwrap();
    assert_eq!((tensor.dimensions.as_slice(), tensor.length), (&[64, 96][..], 64 * 96 * 4));
    assert!(matches!(file.markup, Markup::ChatMl { .. }));
}

/// Cut anywhere, a file is refused in a sentence.
#[test]
fn half_a_file_is_none() {
    let whole = GgufFile::small().bytes();
    let ends = (0..400).chain((400..whole.len()).step_by(997));
    for end in ends {
        let why = refused(&whole[..end]);
        assert!(
            why.contains("not whole") || why.contains("no whole") || why.contains("does not begin"),
            "{end}: {why}"
        );
    }
    assert!(GgufHeader::read(&whole[..], whole.len() as u64).is_ok());
}

/// What a header announces costs nothing until it is there.
#[test]
fn announcements_are_bounded() {
    let head = |tensors: u64, facts: u64| {
        let mut bytes = b"GGUF\x03\0\0\0".to_vec();
        bytes.extend(tensors.to_le_bytes());
        bytes.extend(facts.to_le_bytes());
        bytes
    };
    let with =
        |tail: &[u8]| [head(0, 1), 1_u64.to_le_bytes().to_vec(), b"a".to_vec(), tail.to_vec()].concat();
    let list = |kind: u32, count: u64| {
        [9_u32.to_le_bytes().to_vec(), kind.to_le_bytes().to_vec(), count.to_le_bytes().to_vec()].concat()
    };
    for (bytes, why) in [
        (head(u64::MAX, 0), "tensors"),
        (head(0, u64::MAX), "facts"),
        (with(&list(8, u64::MAX)), "elements"),
        (with(&list(4, 5_000_000)), "elements"),
        (with(&list(8, 4_000_000)), "no whole"),
        (with(&list(9, 1)), "not known"),
        (with(&[8_u32.to_le_bytes().to_vec(), u64::MAX.to_le_bytes().to_vec()].concat()), "a text has"),
        (with(&99_u32.to_le_bytes()), "facts of kind 99"),
        (b"GGUF\x09\0\0\0".to_vec(), "version is 9"),
        (b"GGML".to_vec(), "does not begin"),
        (Vec::new(), "no whole"),
    ] {
        let told = refused(&bytes);
        assert!(told.contains(why), "{told}");
    }
    // Tensors that lie elsewhere, or are larger than can be.
    let tensor = |sizes: &[u64], kind: u32, offset: u64| {
        let mut bytes = head(1, 0);
        bytes.extend(1_u64.to_le_bytes());
        bytes.push(b't');
        bytes.extend((sizes.len() as u32).to_le_bytes());
        bytes.extend(sizes.iter().flat_map(|size| size.to_le_bytes()));
        bytes.extend(kind.to_le_bytes());
        bytes.extend(offset.to_le_bytes());
        bytes
    };
    for (bytes, why) in [
        (tensor(&[u64::MAX, u64::MAX], 0, 0), "size of a tensor"),
        (tensor(&[0], 0, 0), "size of a tensor"),
        (tensor(&[1 << 62], 0, 0), "does not fit"),
        (tensor(&[31], 8, 0), "does not fit"),
        (tensor(&[32], 8, u64::MAX), "nowhere"),
        (tensor(&[32], 8, 1 << 40), "not whole"),
        (tensor(&[32], 99, 0), "kind 99"),
        (tensor(&[1; 9], 0, 0), "9 dimensions"),
    ] {
        let told = refused(&bytes);
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn a_model_that_cannot_be_used_is_refused_with_its_reason() {
    let world = World::new();
    let text = |text: &str| Fact::Text(text.into());
    for (name, fact, why) in [
        ("general.architecture", text("mamba"), "architecture is mamba"),
        ("llama.attention.head_count", Fact::U32(5), "do not fit together"),
        ("llama.block_count", Fact::U32(0), "block_count is 0"),
        ("llama.embedding_length", Fact::U32(u32::MAX), "embedding_length"),
        ("tokenizer.ggml.model", text("llama"), "tokenizer is llama"),
        ("tokenizer.ggml.pre", text("\u{1b}[31m"), "cut by the rule"),
        ("tokenizer.ggml.tokens", Fact::Texts(vec!["a".into()]), "some letters"),
        ("tokenizer.chat_template", text(""), "no model for conversations"),
    ] {
        GgufFile::small().with(name, fact).write(&world.model).unwrap();
        let told = ModelFile::open(&world.model).unwrap_err().to_string();
        assert!(told.contains(why) && told.contains("small.gguf"), "{told}");
    }
    assert!(ModelFile::open(world.root.path()).unwrap_err().to_string().contains("no file"));
}

#[test]
fn texts_become_tokens_and_texts_again() {
    let file = World::new().file();
    let tokenizer = &file.tokenizer;
    let write = |text: &str| {
        let mut tokens = Vec::new();
        tokenizer.write(text, &mut tokens);
        tokens
    };
    // 256 bytes, then what is merged, in the order of the rules.
    assert_eq!(write("hello world"), [259, 260, 261, u32::from(b'l'), u32::from(b'd')]);
    assert_eq!(write("hell"), [258]);
    let text = "Grüße 🙂 <|im_end|> 12\n\n";
    let bytes: Vec<u8> = write(text).iter().flat_map(|token| tokenizer.bytes(*token).to_vec()).collect();
    assert_eq!(String::from_utf8(bytes).unwrap(), text);
    assert!(!write(text).contains(&tokenizer.control("<|im_end|>").unwrap()), "no text controls the model");
}

/// A word of a megabyte costs what its length costs.
#[test]
fn a_long_word_is_written_in_time() {
    let file = World::new().file();
    let mut tokens = Vec::new();
    file.tokenizer.write(&"hello".repeat(200_000), &mut tokens);
    assert_eq!(tokens.len(), 200_000);
}

#[test]
fn a_conversation_is_written_as_the_model_learned() {
    let file = World::new().file();
    let said = [(Speaker::User, "hello".to_owned()), (Speaker::Assistant, "hell".to_owned())];
    let tokens = file.markup.write(&said, &file.tokenizer);
    let shown: Vec<String> = tokens
        .iter()
        .map(|token| {
            let bytes = file.tokenizer.bytes(*token);
            if bytes.is_empty() { format!("<{token}>") } else { String::from_utf8_lossy(bytes).into_owned() }
        })
        .collect();
    assert_eq!(shown.concat(), "<262>user\nhello<263>\n<262>assistant\nhell<263>\n<262>assistant\n");
}
