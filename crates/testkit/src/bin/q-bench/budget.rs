//! Figures beside what they may be: the owner's gates, which fail the run, and our budgets, which are only reported.

use std::fmt::Write as _;

/// One measured figure with its unit and its budget.
pub(crate) struct Figure {
    pub(crate) what: String,
    /// What came out; nothing when it could not be measured here.
    pub(crate) value: Option<f64>,
    pub(crate) unit: &'static str,
    /// What the owner allows.
    pub(crate) gate: Option<f64>,
    /// What we allow ourselves.
    pub(crate) budget: Option<f64>,
}

impl Figure {
    /// A figure that is only told.
    pub(crate) fn new(what: impl Into<String>, value: Option<f64>, unit: &'static str) -> Self {
        Self { what: what.into(), value, unit, gate: None, budget: None }
    }

    /// With the owner's gate.
    pub(crate) fn gate(self, gate: f64) -> Self {
        Self { gate: Some(gate), ..self }
    }

    pub(crate) fn budget(self, budget: f64) -> Self {
        Self { budget: Some(budget), ..self }
    }

    /// Whether the owner's gate is broken; what has a gate and was not measured breaks it too.
    pub(crate) fn breaks_gate(&self) -> bool {
        match (self.gate, self.value) {
            (Some(gate), Some(value)) => value >= gate,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }

    fn verdict(&self) -> String {
        match (self.value, self.budget) {
            (None, _) => "not measured here".into(),
            (Some(_), _) if self.breaks_gate() => "GATE BROKEN".into(),
            (Some(_), None) => String::new(),
            (Some(value), Some(budget)) if value <= budget => "within budget".into(),
            (Some(value), Some(budget)) if budget > 0.0 => format!("{:.1} × budget", value / budget),
            (Some(_), Some(_)) => "over budget".into(),
        }
    }
}

/// All figures as a table.
pub(crate) fn table(figures: &[Figure]) -> String {
    let mut table = String::new();
    row(&mut table, ["figure", "measured", "gate", "budget", ""]);
    for figure in figures {
        let limit =
            |sign: &str, limit: Option<f64>| limit.map_or(String::new(), |limit| format!("{sign} {limit}"));
        let measured = figure.value.map_or("–".into(), |value| format!("{value:.2} {}", figure.unit));
        let (gate, budget) = (limit("<", figure.gate), limit("≤", figure.budget));
        row(&mut table, [&figure.what, &measured, &gate, &budget, &figure.verdict()]);
    }
    table
}

fn row(table: &mut String, [what, measured, gate, budget, verdict]: [&str; 5]) {
    let line = format!("{what:<58} {measured:>12} {gate:>7} {budget:>7}  {verdict}");
    // Writing to a string cannot fail.
    writeln!(table, "{}", line.trim_end()).ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_is_broken_by_reaching_it_and_by_not_measuring() {
        for (value, gate, broken) in [
            (Some(499.9), Some(500.0), false),
            (Some(500.0), Some(500.0), true),
            (None, Some(500.0), true),
            (Some(1e9), None, false),
            (None, None, false),
        ] {
            let figure = Figure { gate, ..Figure::new("", value, "ms") };
            assert_eq!(figure.breaks_gate(), broken, "{value:?} {gate:?}");
        }
    }

    #[test]
    fn the_table_says_how_far_a_figure_is_from_its_budget() {
        let figures = [
            Figure::new("switch, p95", Some(9.0), "ms").gate(500.0).budget(4.5),
            Figure::new("memory", Some(130.0), "MB").gate(125.0).budget(20.0),
            Figure::new("floor", None, "ms"),
        ];
        let table = table(&figures);
        for part in ["2.0 × budget", "GATE BROKEN", "not measured here"] {
            assert!(table.contains(part), "{part} is missing in\n{table}");
        }
    }
}
