//! The calls of an answer as they come: a name first, what it is given in pieces, several at once.

use q_core::Seal;
use serde::de::IgnoredAny;
use serde_json::Value;

/// A call as the model wants it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AskedCall {
    /// The tool, by the name that the model has for it.
    pub tool: String,
    /// What it is given, to the letter: mostly JSON.
    pub arguments: String,
    /// What the provider sealed in front of it, and wants to see again there.
    pub seals: Vec<Seal>,
}

/// The most calls of one answer that are counted, and bytes of all that they are given. Whoever calls more is not waited for.
pub(super) const MAX_CALLS: usize = 64;
pub(super) const MAX_BYTES: usize = 4 << 20;

/// A piece of a call.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CallPiece<'a> {
    /// By what pieces of one call know each other; empty where the server does not say.
    pub(super) index: &'a str,
    pub(super) id: &'a str,
    /// Mostly only the first has it.
    pub(super) name: Option<&'a str>,
    pub(super) arguments: &'a str,
}

/// Calls as far as they came.
#[derive(Debug, Default)]
pub(super) struct AskedCalls {
    all: Vec<Begun>,
    bytes: usize,
    /// What is sealed in front of the next call.
    sealed: Vec<Seal>,
    /// Calls whose name did not come: their indices, and what they are given.
    nameless: Vec<(String, String)>,
    /// Those that came before all of them come again.
    before: Vec<Begun>,
}

#[derive(Debug)]
struct Begun {
    index: String,
    id: String,
    call: AskedCall,
    state: Wholeness,
}

/// How much of what a call is given is known to have come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Wholeness {
    /// More of it may come.
    #[default]
    Open,
    /// All of it came.
    Whole,
    /// Something was lost while more could come: what is there is not what the model said.
    Torn,
    /// It came more than once, and each time it was another.
    Contradicted,
}

impl Begun {
    fn is_whole(&self) -> bool {
        serde_json::from_str::<IgnoredAny>(&self.call.arguments).is_ok()
    }

    /// Whether a piece has the rest of its name: nothing is given to it yet, and its id came with the first.
    fn lacks_name(&self, piece: &CallPiece<'_>) -> bool {
        let is_its_own = !piece.index.is_empty() && !self.id.is_empty() && piece.id.is_empty();
        let is_new = piece.name.is_some_and(|name| name != self.call.tool);
        is_its_own && is_new && self.call.arguments.is_empty()
    }

    /// Whether a piece has its name once more and longer: some servers send all of it that there is so far.
    fn grows_name(&self, piece: &CallPiece<'_>) -> bool {
        let is_its_own = !self.id.is_empty() && self.id == piece.id;
        let is_longer =
            piece.name.is_some_and(|name| name != self.call.tool && name.starts_with(&self.call.tool));
        is_its_own && is_longer && self.call.arguments.is_empty()
    }

    /// Whether another is the same call, told twice: a provider gives no id to two.
    fn is_same(&self, other: &Self) -> bool {
        let is_named = !self.id.is_empty() && self.id == other.id && self.call.tool == other.call.tool;
        is_named && self.is_given(&other.call.arguments)
    }

    /// Whether this is what it is given, in whatever spelling.
    fn is_given(&self, arguments: &str) -> bool {
        let value = |text: &str| serde_json::from_str::<Value>(text).ok();
        let is_same_value =
            || value(arguments).is_some_and(|given| Some(given) == value(&self.call.arguments));
        self.call.arguments == arguments || is_same_value()
    }

    /// Whether all that it is given comes again.
    fn has_all(&self, arguments: &str) -> bool {
        arguments.starts_with('{') && arguments == self.call.arguments && self.is_whole()
    }

    /// Whether a call with this index, or with this id, is this one. Ids of items may be given twice; those of calls are not.
    fn is_it(&self, index: &str, id: &str) -> bool {
        match (self.id.as_str(), id) {
            ("", _) | (_, "") => self.index == index && !index.is_empty(),
            (one, other) => one == other,
        }
    }

    /// All that it is given, in the place of what came of that. An empty text says nothing.
    fn be_given(&mut self, arguments: &str) {
        if !arguments.trim().is_empty() {
            arguments.clone_into(&mut self.call.arguments);
            self.state = Wholeness::Open;
        }
    }

    /// What it is given may have come again, in another spelling: the same is one, and of what differs nobody knows which counts.
    fn settle(&mut self) {
        if self.is_whole() {
            return;
        }
        let mut values = serde_json::Deserializer::from_str(&self.call.arguments).into_iter::<Value>();
        let Some(Ok(first @ Value::Object(_))) = values.next() else { return };
        let end = values.byte_offset();
        let mut is_same = true;
        for again in values {
            match again {
                Ok(again @ Value::Object(_)) => is_same &= again == first,
                Ok(_) | Err(_) => return,
            }
        }
        if is_same {
            self.call.arguments.truncate(end);
        } else {
            self.state = Wholeness::Contradicted;
        }
    }

    /// More of what it is given. Behind what was whole where something was lost, that is not all that came.
    fn add(&mut self, arguments: &str) {
        if self.state == Wholeness::Whole && !arguments.trim().is_empty() {
            self.state = Wholeness::Torn;
        }
        // An empty object holds the place of one that comes yet.
        if arguments.trim_start().starts_with('{') && self.call.arguments.trim() == "{}" {
            self.call.arguments.clear();
        }
        self.call.arguments.push_str(arguments);
    }
}

impl AskedCalls {
    pub(super) const fn count(&self) -> usize {
        self.all.len()
    }

    pub(super) const fn are_too_many(&self) -> bool {
        self.all.len() > MAX_CALLS || self.bytes > MAX_BYTES
    }

    /// Something that came could not be read: it may have been of any call that is not whole. Each is looked at once.
    pub(super) fn tear(&mut self) {
        for begun in self.all.iter_mut().filter(|begun| begun.state == Wholeness::Open) {
            begun.state = if begun.is_whole() { Wholeness::Whole } else { Wholeness::Torn };
        }
    }

    /// The calls so far with this index have all that they are given; without one all of them.
    pub(super) fn close(&mut self, index: &str) {
        let is_it = |begun: &&mut Begun| index.is_empty() || begun.index == index;
        for begun in self.all.iter_mut().filter(is_it).filter(|begun| begun.state == Wholeness::Open) {
            begun.state = Wholeness::Whole;
        }
    }

    /// A tool whose call lacks something of what it was given, if there is one.
    pub(super) fn torn(&self) -> Option<&str> {
        let torn = self.all.iter().find(|begun| begun.state == Wholeness::Torn)?;
        Some(&torn.call.tool)
    }

    /// A tool that is given different things in one call, if there is one.
    pub(super) fn contradicted(&self) -> Option<&str> {
        let contradicted = self.all.iter().find(|begun| begun.state == Wholeness::Contradicted)?;
        Some(&contradicted.call.tool)
    }

    /// No more comes: what came more than once is one.
    pub(super) fn settle(&mut self) {
        self.all.iter_mut().for_each(Begun::settle);
        let mut once: Vec<Begun> = Vec::with_capacity(self.all.len());
        for begun in std::mem::take(&mut self.all) {
            if !once.iter().any(|known| known.is_same(&begun)) {
                once.push(begun);
            }
        }
        self.all = once;
    }

    /// All calls come again, whole. What was given to one that then comes with nothing counts still.
    pub(super) fn begin_again(&mut self) {
        self.before = std::mem::take(self).all;
    }

    /// All that a call is given, where it is known by its index.
    pub(super) fn told_again(&mut self, index: &str, arguments: &str) {
        if let Some(known) = self.all.iter_mut().rfind(|begun| begun.index == index) {
            known.be_given(arguments);
        }
    }

    /// A call that comes again whole. Where neither its index nor its id says which it is, its place and its name do.
    pub(super) fn again(&mut self, place: usize, piece: CallPiece<'_>) {
        let CallPiece { index, id, name, arguments } = piece;
        let is_named = |begun: &Begun| name.is_none_or(|name| name == begun.call.tool);
        let known = self.all.iter().rposition(|begun| begun.is_it(index, id) && is_named(begun));
        let placed = || self.all.get(place).filter(|begun| is_named(begun)).map(|_| place);
        match known.or_else(placed).and_then(|known| self.all.get_mut(known)) {
            Some(known) => known.be_given(arguments),
            None => self.piece(piece),
        }
    }

    /// A call at this place among those of the last frame, which says all of them again or has others: what stands there already
    /// is not called again.
    pub(super) fn again_or_new(&mut self, place: usize, piece: CallPiece<'_>) {
        let is_it = |known: &Begun| piece.name == Some(&known.call.tool) && known.is_given(piece.arguments);
        if !self.all.get(place).is_some_and(is_it) {
            self.piece(piece);
        }
    }

    /// The tool that was called first.
    pub(super) fn first(&self) -> &str {
        self.all.first().map_or("", |begun| &begun.call.tool)
    }

    /// Something is sealed in front of the next call.
    pub(super) fn seal(&mut self, seal: Seal) {
        self.bytes += seal.bytes();
        self.sealed.push(seal);
    }

    /// The same of all calls: in front of the first.
    pub(super) fn seal_first(&mut self, seal: Seal) {
        if let Some(first) = self.all.first_mut() {
            self.bytes += seal.bytes();
            first.call.seals.push(seal);
        }
    }

    /// A call that comes whole; its id may be empty.
    pub(super) fn whole(&mut self, id: String, tool: String, arguments: &str) {
        self.bytes += arguments.len();
        let call =
            AskedCall { tool, arguments: arguments.to_owned(), seals: std::mem::take(&mut self.sealed) };
        self.all.push(Begun { index: String::new(), id, call, state: Wholeness::Whole });
    }

    /// A piece of one. Servers have many ways to say of which: by an index, by an id, or by nothing but the order.
    pub(super) fn piece(&mut self, piece: CallPiece<'_>) {
        let CallPiece { index, id, name, arguments } = piece;
        self.bytes += arguments.len();
        let is_named = |begun: &Begun| index.is_empty() && !id.is_empty() && begun.id == id;
        let known = self.all.iter_mut().rfind(|begun| begun.index == index || is_named(begun));
        let goes_on = match (&known, name) {
            (Some(_), None) => true,
            (Some(known), Some(name)) if known.call.tool != name => {
                known.lacks_name(&piece) || known.grows_name(&piece)
            }
            (Some(known), Some(_)) if !id.is_empty() && !known.id.is_empty() => known.id == id,
            (Some(known), Some(_)) => !known.is_whole(),
            (None, Some(_) | None) => false,
        };
        match (known, name) {
            (Some(known), _) if goes_on => {
                if known.grows_name(&piece) {
                    name.unwrap_or_default().clone_into(&mut known.call.tool);
                } else if known.lacks_name(&piece) {
                    known.call.tool.push_str(name.unwrap_or_default());
                }
                if !known.has_all(arguments) {
                    known.add(arguments);
                }
            }
            (_, Some(name)) => {
                let seals = std::mem::take(&mut self.sealed);
                let arguments = self.given_before(index) + arguments;
                let call = AskedCall { tool: name.to_owned(), arguments, seals };
                let (index, id) = (index.to_owned(), id.to_owned());
                self.all.push(Begun { index, id, call, state: Wholeness::Open });
            }
            // The name may have come elsewhere, or comes yet.
            (_, None) => self.keep_nameless(index, arguments),
        }
    }

    fn keep_nameless(&mut self, index: &str, arguments: &str) {
        if let Some((_, given)) = self.nameless.iter_mut().rfind(|(of, _)| of == index) {
            given.push_str(arguments);
        } else if self.nameless.len() <= MAX_CALLS {
            self.nameless.push((index.to_owned(), arguments.to_owned()));
        }
    }

    /// What came for this call before its name.
    fn given_before(&mut self, index: &str) -> String {
        let place = self.nameless.iter().position(|(of, _)| of == index && !index.is_empty());
        place.map_or_else(String::new, |place| self.nameless.swap_remove(place).1)
    }

    /// More of what one is given, if it is known.
    pub(super) fn rest(&mut self, index: &str, arguments: &str) {
        if let Some(known) = self.all.iter_mut().rfind(|begun| begun.index == index) {
            self.bytes += arguments.len();
            known.add(arguments);
        }
    }

    /// Whether pieces came of a call whose name did not.
    pub(super) const fn has_nameless(&self) -> bool {
        !self.nameless.is_empty()
    }

    /// Calls them by this name. Where something was lost, their names were.
    pub(super) fn name_nameless(&mut self, name: &str, is_torn: bool) {
        for (index, arguments) in std::mem::take(&mut self.nameless) {
            let call =
                AskedCall { tool: name.to_owned(), arguments, seals: std::mem::take(&mut self.sealed) };
            let state = if is_torn { Wholeness::Torn } else { Wholeness::Whole };
            self.all.push(Begun { index, id: String::new(), call, state });
        }
    }

    /// All that one is given, in the place of what came of it, unless nothing stands there; one that is not known begins here.
    pub(super) fn given(&mut self, index: &str, id: &str, name: &str, arguments: &str) {
        if let Some(known) = self.all.iter_mut().rfind(|begun| begun.is_it(index, id)) {
            return known.be_given(arguments);
        }
        let before = self.before.iter().position(|begun| begun.is_it(index, id));
        match before.map(|place| self.before.swap_remove(place)) {
            Some(before) if arguments.trim().is_empty() => {
                self.bytes += before.call.arguments.len();
                let seals = std::mem::take(&mut self.sealed);
                self.all.push(Begun { call: AskedCall { seals, ..before.call }, ..before });
            }
            Some(_) | None => self.piece(CallPiece { index, id, name: Some(name), arguments }),
        }
    }

    /// The calls in their order, each with an object where nothing was given. What is sealed stands in front of some as they came.
    pub(super) fn take(&mut self) -> Vec<AskedCall> {
        let mut all = std::mem::take(self).all;
        if all.iter().all(|begun| begun.call.seals.is_empty() && begun.index.parse::<u64>().is_ok()) {
            all.sort_by_key(|begun| begun.index.parse::<u64>().unwrap_or_default());
        }
        let all = all.into_iter().map(|begun| begun.call);
        all.map(|call| {
            if call.arguments.trim().is_empty() { AskedCall { arguments: "{}".into(), ..call } } else { call }
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece<'a>(index: &'a str, id: &'a str, name: &'a str, arguments: &'a str) -> CallPiece<'a> {
        CallPiece { index, id, name: (!name.is_empty()).then_some(name), arguments }
    }

    #[test]
    fn a_call_that_comes_twice_is_one() {
        let whole = |index, arguments| piece(index, "x", "a", arguments);
        for (what, pieces, count) in [
            ("an empty object first", [whole("0", "{}"), piece("0", "", "", "{\"n\":1}")], 1),
            ("twice with one id", [whole("0", "{\"n\":1}"), whole("1", "{ \"n\": 1 }")], 1),
            ("two with one id", [whole("0", "{\"n\":1}"), whole("1", "{\"n\":2}")], 2),
        ] {
            let mut calls = AskedCalls::default();
            for piece in pieces {
                calls.piece(piece);
            }
            calls.settle();
            let told = calls.take();
            let given = told.first().map(|call| call.arguments.as_str());
            assert_eq!((told.len(), given), (count, Some("{\"n\":1}")), "{what}");
        }
    }

    #[test]
    fn pieces_find_their_call_however_the_server_tells() {
        for (what, pieces, expected) in [
            (
                "by index",
                vec![
                    piece("0", "x", "a", ""),
                    piece("1", "y", "b", "{"),
                    piece("0", "", "", "{}"),
                    piece("1", "", "", "}"),
                ],
                "a{} b{}",
            ),
            (
                "whole, all with one index",
                vec![piece("0", "x", "a", "{}"), piece("0", "y", "b", "{}")],
                "a{} b{}",
            ),
            (
                "whole, without index or id",
                vec![piece("", "", "a", "{\"n\":1}"), piece("", "", "a", "{\"n\":2}")],
                "a{\"n\":1} a{\"n\":2}",
            ),
            ("the name with each piece", vec![piece("0", "x", "a", "{"), piece("0", "x", "a", "}")], "a{}"),
            ("the name in two", vec![piece("0", "x", "re", ""), piece("0", "", "ad", "{}")], "read{}"),
            (
                "by index, in another order",
                vec![piece("1", "y", "b", "{}"), piece("0", "x", "a", "{}")],
                "a{} b{}",
            ),
            (
                "all of it again at the end",
                vec![
                    piece("0", "x", "a", "{\"n\":"),
                    piece("0", "", "", "1}"),
                    piece("0", "x", "a", "{\"n\":1}"),
                ],
                "a{\"n\":1}",
            ),
            (
                "the name so far with each piece",
                vec![piece("0", "x", "re", ""), piece("0", "x", "read", ""), piece("0", "", "", "{}")],
                "read{}",
            ),
            ("nothing given", vec![piece("0", "x", "a", "")], "a{}"),
            ("no name at all", vec![piece("0", "x", "", "{}")], ""),
        ] {
            let mut calls = AskedCalls::default();
            for piece in pieces {
                calls.piece(piece);
            }
            calls.settle();
            let told: Vec<String> =
                calls.take().iter().map(|call| format!("{}{}", call.tool, call.arguments)).collect();
            assert_eq!(told.join(" "), expected, "{what}");
        }
        let mut calls = AskedCalls::default();
        calls.given("x", "", "a", "");
        calls.piece(piece("x", "x", "", "{\"cut"));
        calls.given("x", "", "a", "{}");
        assert_eq!(calls.take().len(), 1);
        for id in ["y", "z", "y"] {
            calls.given("x", id, "a", "{}");
        }
        assert_eq!(calls.take().len(), 2, "two calls of one item");
        for _ in 0..=MAX_CALLS {
            calls.whole(String::new(), "a".into(), "{}");
        }
        assert!(calls.are_too_many());
    }
}
