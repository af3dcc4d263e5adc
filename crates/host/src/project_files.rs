//! A project's own files, read anew as each turn is about to be asked: whether their directory is trusted, and what stands in
//! them, may have changed since. What of them goes along is said in the transcript whenever that is not what it says already.

use std::path::{Path, PathBuf};

use q_agent::SkillPlace;
use q_core::project::with_project_files;
use q_core::{Body, Entry, ProjectFiles, SkillList};

use crate::hook_runs::HookReader;
use crate::server_reader::ServerReader;
use crate::standing_rules::RuleFile;

/// Of a window so much is theirs at most, in percent.
const SHARE: u64 = 75;
/// How many bytes a token is taken to be.
const TOKEN_BYTES: u64 = 4;

/// What goes before a conversation, and what is said of that.
#[derive(Clone, Debug, Default)]
pub struct ProjectReading {
    pub files: ProjectFiles,
    /// The path and the text of each that has one.
    pub texts: Vec<(String, String)>,
    /// The skills that are listed, the person's too.
    pub skills: Vec<SkillPlace>,
    pub listed: SkillList,
}

/// Who can read them: the client's own program, which keeps the directories that are trusted.
#[derive(Clone, Debug)]
pub struct ProjectReader {
    /// Where those directories are kept.
    pub trusted: PathBuf,
    /// Beneath which directory the person's own skills are.
    pub own: PathBuf,
    /// For that directory, within that many bytes; with skills for an agent that can read them.
    pub read: fn(reader: &Self, directory: &Path, most: usize, with_skills: bool) -> ProjectReading,
}

/// What the person keeps beside the store, and who can read it.
#[derive(Clone, Debug)]
pub struct PersonalFiles {
    /// The rules beside those of sessions.
    pub rules: RuleFile,
    pub projects: ProjectReader,
    /// The MCP servers of the configuration and of trusted projects.
    pub servers: ServerReader,
    /// Commands that are told what happens in sessions.
    pub hooks: Option<HookReader>,
}

impl PersonalFiles {
    /// None are kept anywhere.
    #[cfg(test)]
    pub(crate) fn none() -> Self {
        let projects = ProjectReader {
            trusted: PathBuf::new(),
            own: PathBuf::new(),
            read: |_, _, _, _| ProjectReading::default(),
        };
        let (trusted, accepted) = Default::default();
        let servers = ServerReader { trusted, accepted, read: |_, _, _| q_agent::McpServers::default() };
        Self { rules: RuleFile::none(), projects, servers, hooks: None }
    }
}

impl ProjectReader {
    /// What goes along in that directory before a model with that window; beside the loop, since it reads files.
    pub(crate) async fn reading(&self, directory: &Path, window: u64, with_skills: bool) -> ProjectReading {
        let most = match window {
            0 => usize::MAX,
            tokens => {
                let bytes = tokens.saturating_mul(TOKEN_BYTES).saturating_mul(SHARE) / 100;
                usize::try_from(bytes).unwrap_or(usize::MAX)
            }
        };
        let (reader, directory) = (self.clone(), directory.to_owned());
        let read = move || (reader.read)(&reader, &directory, most, with_skills);
        let reading = tokio::task::spawn_blocking(read).await;
        reading.unwrap_or_default() // a panic there is no reason to ask nothing
    }
}

impl ProjectReading {
    /// Whether the transcript says otherwise. Where it says nothing of them there were none.
    pub(crate) fn is_news(&self, entries: &[Entry]) -> bool {
        let said = entries
            .iter()
            .rev()
            .find_map(|entry| if let Body::ProjectFiles(files) = &entry.body { Some(files) } else { None });
        match said {
            Some(said) => *said != self.files,
            None => !self.files.all.is_empty(),
        }
    }

    /// A system prompt with them behind it.
    pub(crate) fn behind(&self, system_prompt: &str) -> String {
        let texts = self.texts.iter().map(|(path, text)| (path.as_str(), text.as_str()));
        self.listed.behind(&with_project_files(system_prompt, texts))
    }
}

#[cfg(test)]
mod tests {
    use q_core::{EntryNo, ProjectFile, WallTime};

    use super::*;

    #[test]
    fn what_goes_along_is_news_when_the_transcript_says_otherwise() {
        let reading = |fingerprint| {
            let file = ProjectFile { path: "AGENTS.md".into(), bytes: 1, left_out: 0, fingerprint };
            let files = ProjectFiles { all: vec![file], withheld: false };
            ProjectReading { files, ..ProjectReading::default() }
        };
        let entry = |files| Entry { no: EntryNo(1), at: WallTime(0), body: Body::ProjectFiles(files) };
        let none = ProjectReading::default();
        assert!(!none.is_news(&[]) && reading(1).is_news(&[]));
        let said =
            [entry(reading(1).files), Entry { body: Body::Answer("a".into()), ..entry(none.files.clone()) }];
        assert!(!reading(1).is_news(&said), "it is as it was");
        assert!(reading(2).is_news(&said) && none.is_news(&said), "another text, and none any more");
    }

    #[tokio::test]
    async fn a_window_has_room_for_the_conversation_too() {
        let read = |_: &ProjectReader, _: &Path, most: usize, _| ProjectReading {
            texts: vec![(most.to_string(), String::new())],
            ..ProjectReading::default()
        };
        let reader = ProjectReader { trusted: PathBuf::new(), own: PathBuf::new(), read };
        let most = async |window| reader.reading(Path::new("/"), window, false).await.texts.remove(0).0;
        assert_eq!((most(1000).await, most(0).await), ("3000".to_owned(), usize::MAX.to_string()));
    }
}
