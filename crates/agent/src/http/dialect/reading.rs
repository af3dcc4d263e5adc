//! What every dialect reads with: what a frame may mean, and the few places in which most of them agree.

use std::fmt;

use serde_json::value::RawValue;

use crate::http::answer::{AnswerBuilder, NAMELESS};
use crate::http::calls::CallPiece;
use crate::http::usage::count;
use q_json::{elements, is_array, is_nothing, members, text};

/// What a frame means for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// It is none of this dialect.
    Foreign,
    /// It belongs to the dialect, and says nothing of the answer.
    Aside,
    /// It is a part of the answer.
    Part,
    /// It is the last.
    End,
}

/// What reads the frames of one answer.
pub(crate) trait FrameReader: fmt::Debug + Send {
    /// Takes one frame in, which came with an event of this name; mostly it has none.
    fn read(&mut self, event: &str, frame: &RawValue, answer: &mut AnswerBuilder) -> Meaning;

    /// No more comes: what was kept back is told.
    fn end(&mut self, _answer: &mut AnswerBuilder) {}
}

/// The text of a member; empty where there is none.
pub(super) fn words(member: Option<&RawValue>) -> String {
    member.and_then(text).unwrap_or_default()
}

/// The elements of a member.
pub(super) fn each(member: Option<&RawValue>) -> Vec<&RawValue> {
    member.map(elements).unwrap_or_default()
}

/// One member of a member that is an object.
pub(super) fn member<'a>(of: Option<&'a RawValue>, name: &str) -> Option<&'a RawValue> {
    of.and_then(|of| members(of, [name])[0])
}

/// Whether one of several answers that are given at once is the one that was asked for: the first, by its index or its place.
pub(super) fn is_first(index: Option<&RawValue>, place: usize) -> bool {
    let is_number =
        |index: &RawValue| index.get().starts_with(['-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    match index.and_then(count) {
        Some(index) => index == 0,
        None => place == 0 && index.is_none_or(|index| !is_number(index)),
    }
}

/// What a part of an answer is that is no text, by its type or its member's name; nothing where nobody misses it.
pub(super) fn unshown(kind: &str) -> Option<&'static str> {
    let kind = kind.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| kind.contains(word));
    Some(if has(&["image"]) {
        "an image"
    } else if has(&["audio"]) {
        "sound"
    } else if has(&["video"]) {
        "a video"
    } else if has(&["code", "bash", "shell", "server_tool", "_call"]) {
        "what the provider's own tools did"
    } else if has(&["file", "document", "container_upload"]) {
        "a file"
    } else {
        return None;
    })
}

/// The name of a function that is called. Of one that comes in several pieces only the first has it.
pub(super) fn name(function: &RawValue) -> Option<String> {
    members(function, ["name"])[0].and_then(text).filter(|name| !name.is_empty())
}

/// The name of a function whose call comes whole.
pub(super) fn name_of_whole(function: &RawValue) -> String {
    name(function).unwrap_or_else(|| NAMELESS.to_owned())
}

/// What a call is given: mostly an object, and a text in some protocols.
pub(super) fn given(arguments: Option<&RawValue>) -> String {
    arguments
        .filter(|arguments| !is_nothing(arguments))
        .map_or_else(String::new, |arguments| text(arguments).unwrap_or_else(|| arguments.get().to_owned()))
}

/// More of what a call is given, in a dialect of blocks. Inside of a block it is of a call that is known, or of the server's own.
pub(super) fn argue(index: &str, arguments: &str, is_in_block: bool, answer: &mut AnswerBuilder) {
    if is_in_block {
        answer.on_call_rest(index, arguments);
    } else {
        answer.on_call_piece(CallPiece { index, arguments, ..CallPiece::default() });
    }
}

/// Reads a list of calls, or one that stands in its place: each has its name in its `function`, or beside its id.
pub(super) fn read_calls(calls: Option<&RawValue>, answer: &mut AnswerBuilder) {
    each_call(calls, |_place, piece| answer.on_call_piece(piece));
}

/// The same of calls that came in pieces before: what stands here is what each is given.
pub(super) fn read_calls_again(calls: Option<&RawValue>, answer: &mut AnswerBuilder) {
    each_call(calls, |place, piece| answer.on_call_again(place, piece));
}

/// The calls of a list, or the one that stands in its place, each with its place.
pub(super) fn each_call(calls: Option<&RawValue>, mut read: impl FnMut(usize, CallPiece<'_>)) {
    let Some(calls) = calls.filter(|calls| !is_nothing(calls)) else { return };
    let calls = if is_array(calls) { elements(calls) } else { vec![calls] };
    for (place, call) in calls.into_iter().enumerate() {
        let function =
            ["function", "custom"].into_iter().find_map(|kind| member(Some(call), kind)).unwrap_or(call);
        let [index, id] = members(call, ["index", "id"]);
        let (index, id, name) = (index.map_or("", RawValue::get), words(id), name(function));
        let [arguments, input] = members(function, ["arguments", "input"]);
        let arguments = given(arguments.or(input));
        read(place, CallPiece { index, id: &id, name: name.as_deref(), arguments: &arguments });
    }
}
