//! A screen as a picture: text that can be selected, in whatever monospaced font is there.

use std::fmt::Write as _;

use vt100::{Cell, Color, Screen};

/// The size of a cell, in the picture's units. Runs of text are stretched to their columns, so no font has to have it.
const WIDTH: f64 = 8.4;
const HEIGHT: f64 = 18.0;
/// From the top of a row to the line that letters stand on.
const BASE: f64 = 13.5;
const MARGIN: f64 = 12.0;
/// Colours where a program names the terminal's own: ground and text.
const GROUND: &str = "#16181d";
const TEXT: &str = "#d6d9e0";
/// The sixteen, for what is not drawn by a theme.
const SIXTEEN: [&str; 16] = [
    "#16181d", "#f2777a", "#99cc99", "#e5c07b", "#7aa6f0", "#c792ea", "#66cccc", "#d6d9e0", "#8f96a3",
    "#f2777a", "#99cc99", "#e5c07b", "#7aa6f0", "#c792ea", "#66cccc", "#ffffff",
];

/// What a run of cells has in common.
#[derive(Clone, PartialEq, Eq)]
struct Look {
    text: String,
    ground: String,
    is_bold: bool,
    is_dim: bool,
    is_italic: bool,
    is_underlined: bool,
}

/// The picture of a screen.
pub(crate) fn picture(screen: &Screen, title: &str) -> String {
    let (rows, columns) = (screen.size().0.get(), screen.size().1.get());
    let (width, height) =
        (f64::from(columns) * WIDTH + 2.0 * MARGIN, f64::from(rows) * HEIGHT + 2.0 * MARGIN);
    let ground = screen.cell(0, 0).map_or_else(|| GROUND.to_owned(), |cell| colour(cell.bgcolor(), GROUND));
    let mut svg = String::new();
    line(
        &mut svg,
        format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" role=\"img\" aria-label=\"{}\">",
            escaped(title)
        ),
    );
    line(&mut svg, format_args!("<title>{}</title>", escaped(title)));
    line(&mut svg, format_args!("<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{ground}\"/>"));
    line(
        &mut svg,
        format_args!(
            "<g font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"14\" xml:space=\"preserve\">"
        ),
    );
    for row in 0..rows {
        for (column, cells, text, look) in runs(screen, row, columns) {
            draw(&mut svg, (row, column, cells), &text, &look, &ground);
        }
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

fn draw(svg: &mut String, (row, column, cells): (u16, u16, u16), text: &str, look: &Look, ground: &str) {
    let (x, y) = (MARGIN + f64::from(column) * WIDTH, MARGIN + f64::from(row) * HEIGHT);
    let width = f64::from(cells) * WIDTH;
    if look.ground != ground {
        line(
            svg,
            format_args!(
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{HEIGHT}\" fill=\"{}\"/>",
                look.ground
            ),
        );
    }
    if text.trim().is_empty() {
        return;
    }
    let mut more = String::new();
    for (is_so, attribute) in [
        (look.is_bold, " font-weight=\"bold\""),
        (look.is_dim, " opacity=\"0.65\""),
        (look.is_italic, " font-style=\"italic\""),
        (look.is_underlined, " text-decoration=\"underline\""),
    ] {
        if is_so {
            more.push_str(attribute);
        }
    }
    line(
        svg,
        format_args!(
            "<text x=\"{x:.1}\" y=\"{:.1}\" fill=\"{}\" textLength=\"{width:.1}\" lengthAdjust=\"spacingAndGlyphs\"{more}>{}</text>",
            y + BASE,
            look.text,
            escaped(text)
        ),
    );
}

/// What stands in a row, in runs that look alike: where, how many columns, the text.
fn runs(screen: &Screen, row: u16, columns: u16) -> Vec<(u16, u16, String, Look)> {
    let mut runs: Vec<(u16, u16, String, Look)> = Vec::new();
    for column in 0..columns {
        let Some(cell) = screen.cell(row, column) else { continue };
        if cell.is_wide_continuation() {
            if let Some((_, cells, ..)) = runs.last_mut() {
                *cells += 1;
            }
            continue;
        }
        let look = look(cell);
        let text = if cell.has_contents() { cell.contents() } else { " " };
        match runs.last_mut() {
            Some((_, cells, said, before)) if *before == look => {
                *cells += 1;
                said.push_str(text);
            }
            _ => runs.push((column, 1, text.to_owned(), look)),
        }
    }
    runs
}

fn look(cell: &Cell) -> Look {
    let (text, ground) = (colour(cell.fgcolor(), TEXT), colour(cell.bgcolor(), GROUND));
    let (text, ground) = if cell.inverse() { (ground, text) } else { (text, ground) };
    Look {
        text,
        ground,
        is_bold: cell.bold(),
        is_dim: cell.dim(),
        is_italic: cell.italic(),
        is_underlined: cell.underline(),
    }
}

fn colour(colour: Color, otherwise: &str) -> String {
    match colour {
        Color::Default => otherwise.to_owned(),
        Color::Idx(number) => SIXTEEN.get(usize::from(number)).copied().unwrap_or(otherwise).to_owned(),
        Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
    }
}

fn escaped(text: &str) -> String {
    // Several blanks count as one in some viewers, those that do not break never do.
    let text = text.replace(' ', "\u{a0}");
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn line(svg: &mut String, said: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    svg.write_fmt(said).ok();
    svg.push('\n');
}
