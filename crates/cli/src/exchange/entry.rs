//! One entry in a file. Documented in docs/json.md.

use std::collections::BTreeSet;
use std::fmt;

use q_core::{
    AgentFailure, Body, CallNo, CallOutput, Called, Compaction, Entry, EntryNo, FailureKind, Fault,
    Interrupter, Outcome, PlanStep, ProjectFile, ProjectFiles, PromptNo, Prompted, Resulted, Reversed, Sent,
    Source, Sources, StepState, Stop, WallTime, Wants,
};
use q_term::typed;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::json::{ImageJson, SourceJson, reversed_role};

const WANTS: [(&str, Wants); 3] =
    [("nothing", Wants::Nothing), ("consent", Wants::Consent), ("words", Wants::Words)];
const INTERRUPTERS: [(&str, Interrupter); 3] =
    [("user", Interrupter::User), ("stop", Interrupter::Stop), ("crash", Interrupter::Crash)];

/// The words for more sealed than is kept, and for an answer that lacks parts.
const SEALS_TOO_LONG: &str = "seals_too_long";
const ANSWER_TORN: &str = "answer_torn";

/// The most fields that are named which are not known here, and bytes of each.
const UNKNOWN: usize = 16;
const UNKNOWN_BYTES: usize = 64;

/// An entry's fields: which of them it has, its role says.
#[derive(Debug, Default, Serialize)]
pub(crate) struct EntryShape {
    no: u64,
    at_ms: u64,
    role: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wants: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lost: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<u64>,
    /// Of a plan: how far each step is, and what it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<Vec<(String, String)>>,
    /// Of sources: all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    sources: Option<Vec<SourceJson>>,
    /// Of project files: whether they are withheld, and of each its path, the bytes that went along and those left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<ProjectShape>,
    /// Of changes that were reversed: the files.
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<Vec<String>>,
    /// Of a prompt: what is known of its images. Their bytes are in no document.
    #[serde(skip_serializing_if = "Option::is_none")]
    images: Option<Vec<ImageJson>>,
    /// For who reads the file: the stop behind a prompt says the same, so an import has no use for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    answered: Option<bool>,
    /// What a newer `q` may have written: the names of a few fields.
    #[serde(skip)]
    unknown: Fields,
}

/// Whether files of a project were withheld; of each its path, the bytes that went along and those left out.
type ProjectShape = (bool, Vec<(String, u64, u64)>);

/// Names of fields that are not known here; a few are enough to say so.
#[derive(Debug, Default)]
pub(crate) struct Fields(BTreeSet<String>);

impl Fields {
    pub(crate) fn note(&mut self, mut field: String) {
        if self.0.len() < UNKNOWN {
            field.truncate(field.floor_char_boundary(UNKNOWN_BYTES));
            self.0.insert(field);
        }
    }

    pub(crate) fn into_names(self) -> BTreeSet<String> {
        self.0
    }
}

/// By hand: what serde derives keeps the values of unknown fields, as much as a hostile file holds.
impl<'de> Deserialize<'de> for EntryShape {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(EntryVisitor)
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = EntryShape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an entry")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<EntryShape, A::Error> {
        let mut shape = EntryShape::default();
        let mut seen = BTreeSet::new();
        while let Some(key) = map.next_key::<String>()? {
            let Some(field) = shape.read(&key, &mut map)? else {
                map.next_value::<IgnoredAny>()?;
                shape.unknown.note(key);
                continue;
            };
            if !seen.insert(field) {
                return Err(A::Error::duplicate_field(field));
            }
        }
        Ok(shape)
    }
}

impl EntryShape {
    /// The entry under these numbers of the file: its own, and for a result its call's.
    pub(crate) fn new(entry: &Entry, no: u64, of: u64, unanswered: bool) -> Self {
        let text = |text: &String| Some(text.clone());
        let answered = unanswered.then_some(false);
        let plain = Self { no, at_ms: entry.at.0, answered, ..Self::default() };
        let role = |role: &str| role.to_owned();
        match &entry.body {
            Body::Prompt(Prompted { text: said, images, runs }) => {
                let images = (!images.is_empty()).then(|| images.iter().map(ImageJson::from).collect());
                let asked = if *runs { "shell" } else { "user" };
                Self { role: role(asked), text: text(said), images, ..plain }
            }
            Body::Answer(said) => Self { role: role("assistant"), text: text(said), ..plain },
            Body::Thinking(said) => Self { role: role("thinking"), text: text(said), ..plain },
            Body::Call(Called { no, tool, input, wants }) => Self {
                role: role("call"),
                text: text(input),
                call: Some(no.0),
                tool: text(tool),
                wants: Some(word(&WANTS, *wants)),
                ..plain
            },
            Body::Result(Resulted { of: _, outcome, text: out, kept: _, whole }) => Self {
                role: role("result"),
                text: text(out),
                of: Some(of),
                outcome: Some(outcome.words().to_owned()),
                bytes: Some(*whole),
                ..plain
            },
            Body::Output(CallOutput { of: _, text: out }) => {
                Self { role: role("output"), text: text(out), of: Some(of), ..plain }
            }
            Body::Plan(steps) => plain.planning(steps),
            Body::Sources(sources) => plain.citing(sources),
            Body::ProjectFiles(files) => plain.telling(files),
            Body::Stop(Stop::Interrupted(by)) => {
                Self { role: role("interrupted"), by: Some(word(&INTERRUPTERS, *by)), ..plain }
            }
            Body::Stop(Stop::Failed(AgentFailure { kind, detail })) => Self {
                role: role("failed"),
                text: text(detail),
                failure: Some(kind.code().to_owned()),
                ..plain
            },
            Body::Continued => Self { role: role("continued"), ..plain },
            Body::Compaction(Compaction::Summary { text: said, of, left_out }) => Self {
                role: role("summary"),
                text: text(said),
                bytes: Some(*of),
                left_out: Some(*left_out).filter(|count| *count > 0),
                ..plain
            },
            Body::Compaction(Compaction::Stopped(Stop::Interrupted(by))) => {
                Self { role: role("not_compacted"), by: Some(word(&INTERRUPTERS, *by)), ..plain }
            }
            Body::Compaction(Compaction::Stopped(Stop::Failed(AgentFailure { kind, detail }))) => Self {
                role: role("not_compacted"),
                text: text(detail),
                failure: Some(kind.code().to_owned()),
                ..plain
            },
            Body::Compaction(Compaction::Undone) => Self { role: role("summary_undone"), ..plain },
            Body::Reversed(reversed) => plain.reversing(reversed),
            Body::LeftOut(Sent { entries, left_out }) => {
                Self { role: role("left_out"), sent: Some(*entries), left_out: Some(*left_out), ..plain }
            }
            Body::Repair(fault) => plain.repaired(*fault),
        }
    }

    fn telling(self, files: &ProjectFiles) -> Self {
        let told = |file: &ProjectFile| (file.path.clone(), file.bytes, file.left_out);
        let project = Some((files.withheld, files.all.iter().map(told).collect()));
        Self { role: "project_files".to_owned(), project, ..self }
    }

    fn repaired(self, fault: Fault) -> Self {
        let (word, prompt, lost) = match fault {
            Fault::PromptLost(prompt) => ("prompt_lost", Some(prompt.0), None),
            Fault::LogCut { lost } => ("log_cut", None, lost),
            Fault::SealsTooLong => (SEALS_TOO_LONG, None, None),
            Fault::AnswerTorn { parts } => (ANSWER_TORN, None, Some(parts)),
        };
        Self { role: "repair".to_owned(), fault: Some(word.to_owned()), prompt, lost, ..self }
    }

    fn citing(self, sources: &Sources) -> Self {
        let left_out = Some(sources.left_out).filter(|count| *count > 0);
        let sources = Some(sources.all.iter().map(SourceJson::from).collect());
        Self { role: "sources".to_owned(), sources, left_out, ..self }
    }

    /// Reads the value of this field, if it is known here.
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        map: &mut A,
    ) -> Result<Option<&'static str>, A::Error> {
        macro_rules! known {
            ($($field:ident)+) => {
                match key {
                    $(stringify!($field) => {
                        self.$field = map.next_value()?;
                        Ok(Some(stringify!($field)))
                    })+
                    _ => Ok(None),
                }
            };
        }
        known!(no at_ms role text call tool wants of outcome bytes by failure fault prompt lost sent left_out steps sources project images files answered)
    }

    fn planning(self, steps: &[PlanStep]) -> Self {
        let step = |step: &PlanStep| (step.state.word().to_owned(), step.text.clone());
        Self { role: "plan".to_owned(), steps: Some(steps.iter().map(step).collect()), ..self }
    }

    fn reversing(self, Reversed { redo, files, more }: &Reversed) -> Self {
        let left_out = Some(*more).filter(|more| *more > 0);
        Self { role: reversed_role(*redo).to_owned(), files: Some(files.clone()), left_out, ..self }
    }

    /// The names of fields that are not known here.
    pub(crate) fn unknown(&self) -> impl Iterator<Item = &str> {
        self.unknown.0.iter().map(String::as_str)
    }

    /// The entry, or what is wrong with its fields.
    pub(crate) fn into_entry(self) -> Result<Entry, String> {
        let (no, at) = (EntryNo(self.no), WallTime(self.at_ms));
        let body = self.into_body().map_err(|fault| format!("entry {no}: {fault}"))?;
        Ok(Entry { no, at, body })
    }

    fn into_body(self) -> Result<Body, String> {
        let missing = |field: &str| format!("it has no `{field}`");
        let text = self.text.ok_or_else(|| missing("text"));
        Ok(match self.role.as_str() {
            "left_out" => Body::LeftOut(Sent {
                entries: self.sent.ok_or_else(|| missing("sent"))?,
                left_out: self.left_out.ok_or_else(|| missing("left_out"))?,
            }),
            "continued" => Body::Continued,
            "user" => {
                let images = self.images.unwrap_or_default().into_iter().map(ImageJson::into_image);
                let images = images.collect::<Result<_, String>>().map_err(|kind| no_word(&kind))?;
                Body::Prompt(Prompted { text: typed::text(&text?).into_owned(), images, runs: false })
            }
            "shell" => Body::Prompt(Prompted { runs: true, ..typed::text(&text?).into_owned().into() }),
            "assistant" => Body::Answer(text?),
            "thinking" => Body::Thinking(text?),
            "call" => Body::Call(Called {
                no: CallNo(self.call.ok_or_else(|| missing("call"))?),
                tool: self.tool.ok_or_else(|| missing("tool"))?,
                input: text?,
                wants: value(&WANTS, &self.wants.ok_or_else(|| missing("wants"))?)?,
            }),
            "result" => {
                let word = self.outcome.ok_or_else(|| missing("outcome"))?;
                let outcome = Outcome::ALL.into_iter().find(|outcome| outcome.words() == word);
                let of = EntryNo(self.of.ok_or_else(|| missing("of"))?);
                let text = text?;
                let whole = self.bytes.unwrap_or(text.len() as u64);
                let outcome = outcome.ok_or_else(|| format!("outcome `{word}` is none"))?;
                Body::Result(Resulted { of, outcome, kept: text.len() as u64, text, whole })
            }
            "output" => {
                Body::Output(CallOutput { of: EntryNo(self.of.ok_or_else(|| missing("of"))?), text: text? })
            }
            "plan" => planned(self.steps.ok_or_else(|| missing("steps"))?)?,
            "sources" => {
                let all = self.sources.ok_or_else(|| missing("sources"))?;
                let left_out = self.left_out.unwrap_or_default();
                Body::Sources(
                    Sources { all: all.into_iter().map(Source::from).collect(), left_out }.bounded(),
                )
            }
            "project_files" => {
                let (withheld, files) = self.project.ok_or_else(|| missing("project"))?;
                let file = |(path, bytes, left_out)| ProjectFile { path, bytes, left_out, fingerprint: 0 };
                Body::ProjectFiles(ProjectFiles { all: files.into_iter().map(file).collect(), withheld })
            }
            "interrupted" => Body::Stop(interrupted(self.by)?),
            "failed" => Body::Stop(failed(self.failure, text.unwrap_or_default())?),
            "summary" => Body::Compaction(Compaction::Summary {
                text: text?,
                of: self.bytes.ok_or_else(|| missing("bytes"))?,
                left_out: self.left_out.unwrap_or_default(),
            }),
            "not_compacted" if self.failure.is_some() => {
                Body::Compaction(Compaction::Stopped(failed(self.failure, text.unwrap_or_default())?))
            }
            "not_compacted" => Body::Compaction(Compaction::Stopped(interrupted(self.by)?)),
            "changes_undone" | "changes_redone" => {
                let redo = self.role == reversed_role(true);
                let files = self.files.ok_or_else(|| missing("files"))?;
                Body::Reversed(Reversed { redo, files, more: self.left_out.unwrap_or_default() }.bounded())
            }
            "summary_undone" => Body::Compaction(Compaction::Undone),
            "repair" => match self.fault.ok_or_else(|| missing("fault"))?.as_str() {
                "prompt_lost" => {
                    Body::Repair(Fault::PromptLost(PromptNo(self.prompt.ok_or_else(|| missing("prompt"))?)))
                }
                "log_cut" => Body::Repair(Fault::LogCut { lost: self.lost }),
                SEALS_TOO_LONG => Body::Repair(Fault::SealsTooLong),
                ANSWER_TORN => {
                    Body::Repair(Fault::AnswerTorn { parts: self.lost.ok_or_else(|| missing("lost"))? })
                }
                other => return Err(format!("fault `{other}` is none")),
            },
            "" => return Err(missing("role")),
            other => return Err(format!("role `{other}` is none")),
        })
    }
}

fn planned(steps: Vec<(String, String)>) -> Result<Body, String> {
    let step = |(word, text): (String, String)| {
        let state = StepState::ALL.into_iter().find(|state| state.word() == word);
        Ok(PlanStep { state: state.ok_or_else(|| no_word(&word))?, text })
    };
    Ok(Body::Plan(steps.into_iter().map(step).collect::<Result<_, String>>()?))
}

fn interrupted(by: Option<String>) -> Result<Stop, String> {
    let by = by.ok_or_else(|| "it has no `by`".to_owned())?;
    Ok(Stop::Interrupted(value(&INTERRUPTERS, &by)?))
}

fn failed(code: Option<String>, detail: String) -> Result<Stop, String> {
    let code = code.ok_or_else(|| "it has no `failure`".to_owned())?;
    let kind = FailureKind::ALL.into_iter().find(|kind| kind.code() == code);
    let kind = kind.ok_or_else(|| format!("failure `{code}` is none"))?;
    Ok(Stop::Failed(AgentFailure { kind, detail }))
}

fn word<T: Copy + PartialEq>(known: &[(&str, T)], value: T) -> String {
    known.iter().find(|(_, one)| *one == value).map(|(word, _)| (*word).to_owned()).unwrap_or_default()
}

fn value<T: Copy>(known: &[(&str, T)], word: &str) -> Result<T, String> {
    let found = known.iter().find(|(one, _)| *one == word);
    found.map(|&(_, value)| value).ok_or_else(|| no_word(word))
}

fn no_word(word: &str) -> String {
    format!("`{word}` is no word of this format")
}
