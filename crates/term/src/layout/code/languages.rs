//! The table of languages: those that people and models write most.

use crate::layout::code::language::{Language, Quotes};

const fn quotes(open: &'static str, close: &'static str, has_escapes: bool, is_long: bool) -> Quotes {
    Quotes { open, close, has_escapes, is_long }
}

const DOUBLE: Quotes = quotes("\"", "\"", true, false);
const SINGLE: Quotes = quotes("'", "'", true, false);
const BACKTICK: Quotes = quotes("`", "`", true, true);
const TRIPLE: Quotes = quotes("\"\"\"", "\"\"\"", true, true);
const TRIPLE_SINGLE: Quotes = quotes("'''", "'''", true, true);

/// What most languages with braces have.
const BRACES: Language = Language {
    names: &[],
    words: "",
    has_case: true,
    line_comments: &["//"],
    comments_part_words: false,
    block_comment: Some(("/*", "*/")),
    quotes: &[DOUBLE],
    has_characters: true,
    is_diff: false,
};

/// What most languages have whose comments begin with a hash.
const HASHES: Language = Language {
    line_comments: &["#"],
    comments_part_words: true,
    block_comment: None,
    quotes: &[DOUBLE, SINGLE],
    has_characters: false,
    ..BRACES
};

pub(super) const LANGUAGES: &[Language] = &[
    Language {
        names: &["rust", "rs"],
        words: "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut pub ref return self Self static struct super trait true type unsafe use where while bool char f32 f64 i8 i16 i32 i64 i128 isize str u8 u16 u32 u64 u128 usize String Vec Option Result Some None Ok Err Box",
        quotes: &[
            quotes("r#\"", "\"#", false, true),
            quotes("r\"", "\"", false, true),
            quotes("\"", "\"", true, true),
        ],
        ..BRACES
    },
    Language {
        names: &["python", "py", "python3", "pycon"],
        words: "and as assert async await break case class continue def del elif else except False finally for from global if import in is lambda match None nonlocal not or pass raise return self True try while with yield int str float bool list dict set tuple",
        comments_part_words: false,
        quotes: &[TRIPLE, TRIPLE_SINGLE, DOUBLE, SINGLE],
        ..HASHES
    },
    Language {
        names: &["javascript", "js", "jsx", "mjs", "typescript", "ts", "tsx", "node"],
        words: "abstract any as async await boolean break case catch class const continue declare default delete do else enum export extends false finally for from function get if implements import in instanceof interface keyof let namespace never new null number of private protected public readonly return set static string super switch this throw true try type typeof undefined unknown var void while yield",
        quotes: &[DOUBLE, SINGLE, BACKTICK],
        has_characters: false,
        ..BRACES
    },
    Language {
        names: &["go", "golang"],
        words: "break case chan const continue default defer else fallthrough false for func go goto if import interface iota map nil package range return select struct switch true type var any bool byte error float32 float64 int int8 int16 int32 int64 rune string uint uint8 uint16 uint32 uint64",
        quotes: &[DOUBLE, quotes("`", "`", false, true)],
        ..BRACES
    },
    Language {
        names: &["c", "h", "cpp", "c++", "cc", "cxx", "hpp", "objc", "cuda", "arduino"],
        words: "alignas alignof auto bool break case catch char class concept const consteval constexpr const_cast continue co_await co_return co_yield decltype default delete do double dynamic_cast else enum explicit export extern false final float for friend goto if inline int long mutable namespace new noexcept nullptr NULL operator override private protected public register reinterpret_cast requires return short signed sizeof static static_assert static_cast struct switch template this thread_local throw true try typedef typeid typename union unsigned using virtual void volatile while size_t int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t #include #define #if #ifdef #ifndef #else #endif",
        ..BRACES
    },
    Language {
        names: &["java", "kotlin", "kt", "kts", "scala", "groovy", "dart"],
        words: "abstract as assert boolean break byte case catch char class companion const continue data def default do double else enum extends false final finally float for fun given if implements import in init inline instanceof int interface internal is lateinit lazy long match native new null object open operator override package private protected public record return sealed short static super suspend switch synchronized this throw throws trait true try typealias val var void volatile when while with yield String",
        quotes: &[TRIPLE, DOUBLE],
        ..BRACES
    },
    Language {
        names: &["csharp", "c#", "cs", "fsharp", "f#"],
        words: "abstract as async await base bool break byte case catch char class const continue decimal default delegate do double dynamic else enum event explicit extern false finally fixed float for foreach get goto if implicit in init int interface internal is let lock long namespace new null object operator out override params private protected public readonly record ref return sealed set short sizeof static string struct switch this throw true try typeof uint ulong unsafe using var virtual void volatile when where while with yield",
        quotes: &[TRIPLE, quotes("@\"", "\"", false, true), DOUBLE],
        ..BRACES
    },
    Language {
        names: &["swift"],
        words: "actor as associatedtype async await break case catch class continue default defer deinit do else enum extension fallthrough false fileprivate final for func guard if import in indirect init inout internal is lazy let mutating nil open operator override private protocol public repeat rethrows return self Self some static struct subscript super switch throw throws true try typealias var weak where while Int String Bool Double Array",
        quotes: &[TRIPLE, DOUBLE],
        has_characters: false,
        ..BRACES
    },
    Language {
        names: &["zig"],
        words: "align and anytype asm async await break catch comptime const continue defer else enum errdefer error export extern false fn for if inline noreturn null or orelse packed pub resume return struct suspend switch test threadlocal true try undefined union unreachable usingnamespace var void volatile while bool u8 u16 u32 u64 usize i8 i16 i32 i64 isize f32 f64",
        ..BRACES
    },
    Language {
        names: &["php"],
        words: "abstract and array as break case catch class clone const continue declare default do echo else elseif empty enum extends false final finally fn for foreach function global if implements include instanceof interface isset list match namespace new null or print private protected public readonly require require_once return self static switch this throw trait true try unset use var while yield",
        line_comments: &["//", "#"],
        quotes: &[DOUBLE, SINGLE],
        has_characters: false,
        ..BRACES
    },
    Language {
        names: &["ruby", "rb"],
        words: "alias and attr_accessor attr_reader begin break case class def defined? do else elsif end ensure extend false for if in include module next nil not or private protected public raise redo require require_relative rescue retry return self super then true undef unless until when while yield",
        ..HASHES
    },
    Language {
        names: &["elixir", "ex", "exs", "perl", "pl", "r", "julia", "jl", "nim"],
        words: "after alias and begin block case catch cond const def defmodule defp defstruct do else elseif elsif end export false FALSE fn for foreach function global if import in into let library local macro module mutable my next nil not NULL or our package proc quote receive repeat require rescue return struct sub then try true TRUE unless unquote until use using var when while with",
        quotes: &[TRIPLE, DOUBLE, SINGLE],
        ..HASHES
    },
    Language {
        names: &["sh", "bash", "shell", "zsh", "fish", "console", "shellscript", "shell-session"],
        words: "alias begin break case cd continue declare do done echo elif else end esac eval exec exit export fi for function if in local printf read readonly return select set shift source switch then trap unset until while",
        quotes: &[quotes("\"", "\"", true, true), quotes("'", "'", false, true)],
        ..HASHES
    },
    Language {
        names: &["powershell", "ps1", "pwsh"],
        words: "begin break catch class continue data do dynamicparam else elseif end exit filter finally for foreach function if in param process return switch throw trap try until using while",
        has_case: false,
        block_comment: Some(("<#", "#>")),
        ..HASHES
    },
    Language {
        names: &["sql", "postgresql", "postgres", "mysql", "sqlite", "plsql"],
        words: "add all alter and any as asc begin between bigint boolean by cascade case char check column commit constraint create cross current_timestamp database date default delete desc distinct drop else end exists explain false foreign from full function group having if in index inner insert int integer interval into is join json jsonb key left like limit materialized not null numeric offset on or order outer over partition primary references returning right rollback row select serial set table text then timestamp trigger true truncate union unique update using uuid values varchar view when where window with",
        has_case: false,
        line_comments: &["--"],
        quotes: &[quotes("'", "'", false, true), quotes("\"", "\"", false, false)],
        has_characters: false,
        ..BRACES
    },
    Language {
        names: &["json", "jsonc", "json5", "jsonl", "ndjson"],
        words: "true false null",
        has_characters: false,
        ..BRACES
    },
    Language {
        names: &[
            "yaml",
            "yml",
            "toml",
            "ini",
            "conf",
            "cfg",
            "properties",
            "env",
            "dotenv",
            "hcl",
            "terraform",
            "tf",
            "nix",
        ],
        words: "true false null yes no on off inherit let in with rec if then else resource variable module output provider data locals",
        line_comments: &["#", ";"],
        quotes: &[TRIPLE, TRIPLE_SINGLE, DOUBLE, quotes("'", "'", false, false)],
        ..HASHES
    },
    Language {
        names: &["dockerfile", "docker", "containerfile", "makefile", "make", "cmake", "just"],
        words: "FROM RUN CMD LABEL EXPOSE ENV ADD COPY ENTRYPOINT VOLUME USER WORKDIR ARG ONBUILD STOPSIGNAL HEALTHCHECK SHELL AS define endef export ifdef ifndef ifeq ifneq else endif include override .PHONY",
        ..HASHES
    },
    Language {
        names: &["html", "xml", "svg", "vue", "svelte", "markup", "xhtml"],
        words: "",
        line_comments: &[],
        block_comment: Some(("<!--", "-->")),
        has_characters: false,
        ..BRACES
    },
    Language {
        names: &["css", "scss", "less", "sass"],
        words: "important inherit initial unset auto none var calc import media keyframes supports font-face include mixin extend use",
        line_comments: &[],
        quotes: &[DOUBLE, SINGLE],
        has_characters: false,
        ..BRACES
    },
    Language {
        names: &["lua"],
        words: "and break do else elseif end false for function goto if in local nil not or repeat return then true until while",
        line_comments: &["--"],
        block_comment: Some(("--[[", "]]")),
        quotes: &[quotes("[[", "]]", false, true), DOUBLE, SINGLE],
        has_characters: false,
        ..BRACES
    },
    Language {
        names: &["haskell", "hs", "elm", "purescript", "ocaml", "ml"],
        words: "and as case class data deriving do else end exception exposing external forall foreign fun function if import in infix infixl infixr instance let match module mutable newtype of open otherwise rec sig struct then try type val where with",
        line_comments: &["--"],
        block_comment: Some(("{-", "-}")),
        ..BRACES
    },
    Language {
        names: &["clojure", "clj", "lisp", "scheme", "elisp", "racket"],
        words: "and cond def define defmacro defn defun do false fn if lambda let loop nil ns or quote recur set! true when",
        line_comments: &[";"],
        block_comment: Some(("#|", "|#")),
        has_characters: false,
        ..BRACES
    },
    Language { names: &["diff", "patch"], is_diff: true, ..BRACES },
];
