//! `q trust`, `q untrust`: the directories whose own files for agents count.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;

use crate::args::{TrustArgs, TrustVerb, UntrustArgs};
use crate::context::Context;
use crate::error::CliError;
use crate::{json, out, trust_file};

#[derive(Serialize)]
struct TrustedJson<'a> {
    directory: &'a str,
}

pub(crate) fn run(context: &Context, verb: TrustVerb) -> Result<ExitCode, CliError> {
    let from_here =
        |directory: Option<PathBuf>| context.environment.directory.join(directory.unwrap_or_default());
    match verb {
        TrustVerb::Trust(TrustArgs { list: true, json, .. }) => list(context, json)?,
        TrustVerb::Trust(TrustArgs { directory, .. }) => out::note(&trust(context, &from_here(directory))?),
        TrustVerb::Untrust(UntrustArgs { directory }) => untrust(context, &from_here(directory))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Trusts a directory; what is said of that.
pub(crate) fn trust(context: &Context, directory: &Path) -> Result<String, CliError> {
    let directory = trust_file::trustable(directory, &context.environment)?;
    let is_new = trust_file::set(&context.place, &directory, true)?;
    let shown = q_term::sanitize::visible_line(&directory.to_string_lossy()).into_owned();
    Ok(if is_new {
        format!("{shown} is trusted: its files for agents go along from the next turn on")
    } else {
        format!("{shown} is trusted already")
    })
}

/// One that is gone can be named too: then as it is in the list.
fn untrust(context: &Context, directory: &Path) -> Result<(), CliError> {
    let named = directory.canonicalize().unwrap_or_else(|_| directory.to_owned());
    let shown = q_term::sanitize::visible_line(&named.to_string_lossy()).into_owned();
    if trust_file::set(&context.place, &named, false)? {
        out::note(&format!("{shown} is trusted no longer: its files are not read from the next turn on"));
        return Ok(());
    }
    let trusted = trust_file::read(&context.place.trusted())?;
    let above = trust_file::above(&trusted, &named).map(|above| above.display().to_string());
    Err(match above {
        Some(above) => {
            CliError::failed(format!("{shown} is trusted with {above}")).hint(format!("q untrust {above}"))
        }
        None => CliError::failed(format!("{shown} is not trusted")).hint("q trust --list"),
    })
}

fn list(context: &Context, as_json: bool) -> Result<(), CliError> {
    let trusted = trust_file::read(&context.place.trusted())?;
    let mut named = trusted.iter().filter_map(|directory| directory.to_str());
    if as_json {
        return json::print(&named.map(|directory| TrustedJson { directory }).collect::<Vec<_>>());
    }
    if trusted.is_empty() {
        out::note("no directory is trusted; `q trust DIR` trusts one");
    }
    named.try_for_each(|directory| out::line(&q_term::sanitize::visible_line(directory)))
}
