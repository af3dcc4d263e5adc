//! What a session has cost, in words, and how much of what it may cost that is.

use q_core::{BudgetScope, BudgetUse, Summary};

use crate::words::{spent, tokens, window_use};

/// What a session has cost, and how full the window is.
pub fn usage(summary: &Summary) -> String {
    let window = summary.window.map(|window| format!("; context {}", window_use(window)));
    let budget = summary.budget.map(|budget| format!("; {}", budget_use(budget)));
    format!("{}{}{}", spent(summary.usage), window.unwrap_or_default(), budget.unwrap_or_default())
}

/// How much of a budget is spent, and whose it is: `budget 400k/500k`.
pub fn budget_use(budget: BudgetUse) -> String {
    let whose = match budget.scope {
        BudgetScope::Session => "budget",
        BudgetScope::Day => "today's budget",
    };
    format!("{whose} {}/{}", tokens(budget.spent), tokens(budget.of))
}

/// What to say of a budget: nothing until it is nearly spent.
pub fn budget_warning(budget: BudgetUse) -> Option<String> {
    let what = budget_use(budget);
    let way_out = match budget.scope {
        BudgetScope::Session => "`/set budget_tokens NUMBER` raises it, `/set budget_tokens off` lifts it",
        BudgetScope::Day => {
            "raise budget_tokens_per_day in the config, then `q host restart`, or wait until the day ends (UTC)"
        }
    };
    if budget.is_spent() {
        Some(format!("{what} is spent: no turn begins; {way_out}"))
    } else {
        budget.is_near().then(|| format!("{what} is nearly spent; {way_out}"))
    }
}
