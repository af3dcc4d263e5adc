//! Which token comes next, of those that may.

/// How freely it is chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampling {
    /// 0 for the likeliest always.
    pub temperature: f32,
    /// Only the likeliest are chosen from, until they make up this much of all.
    pub top_p: f32,
    /// Of the same seed comes the same answer.
    pub seed: u64,
}

/// Small models repeat themselves; what stands among so many tokens before is taken for less likely.
const LOOKED_BACK: usize = 64;
const PENALTY: f32 = 1.1;

/// Chooses, token after token.
#[derive(Clone, Debug)]
pub struct Sampler {
    sampling: Sampling,
    state: u64,
    newest: Vec<u32>,
}

impl Sampler {
    /// One that begins now.
    pub fn new(sampling: Sampling) -> Self {
        // A state of nothing would stay one.
        let state = sampling.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        Self { sampling, state, newest: Vec::new() }
    }

    /// The next token; `None` where nothing can be chosen, as of numbers that are none.
    pub fn choose(&mut self, mut logits: Vec<f32>) -> Option<u32> {
        for token in &self.newest {
            if let Some(logit) = logits.get_mut(*token as usize) {
                *logit = if *logit > 0.0 { *logit / PENALTY } else { *logit * PENALTY };
            }
        }
        let token = self.pick(&logits)?;
        // A token counts once, however often it came.
        self.newest.retain(|newest| *newest != token);
        self.newest.push(token);
        if self.newest.len() > LOOKED_BACK {
            self.newest.remove(0);
        }
        Some(token)
    }

    fn pick(&mut self, logits: &[f32]) -> Option<u32> {
        let mut likely: Vec<(u32, f32)> =
            (0_u32..).zip(logits.iter().copied()).filter(|(_, logit)| logit.is_finite()).collect();
        let best =
            likely.iter().copied().reduce(|best, other| if other.1 > best.1 { other } else { best })?;
        if self.sampling.temperature <= 0.0 {
            return Some(best.0);
        }
        // What is a million times less likely than the best is never chosen, and need not be sorted.
        let scale = |logit: f32| (logit - best.1) / self.sampling.temperature;
        likely.retain(|(_, logit)| scale(*logit) > -14.0);
        for (_, logit) in &mut likely {
            *logit = scale(*logit).exp();
        }
        likely.sort_by(|one, other| other.1.total_cmp(&one.1));
        let all: f32 = likely.iter().map(|(_, share)| share).sum();
        let mut kept = 0.0;
        let enough = likely.iter().position(|(_, share)| {
            kept += share;
            kept >= self.sampling.top_p * all
        });
        likely.truncate(enough.map_or(likely.len(), |last| last + 1));
        let kept: f32 = likely.iter().map(|(_, share)| share).sum();
        let mut drawn = self.draw() * kept;
        for (token, share) in &likely {
            drawn -= share;
            if drawn <= 0.0 {
                return Some(*token);
            }
        }
        likely.last().map(|(token, _)| *token)
    }

    /// A number from 0 on and below 1 (xorshift64*).
    fn draw(&mut self) -> f32 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        let bits = self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 40;
        bits as f32 / (1_u32 << 24) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampler(temperature: f32, top_p: f32, seed: u64) -> Sampler {
        Sampler::new(Sampling { temperature, top_p, seed })
    }

    #[test]
    fn without_temperature_the_likeliest_comes_and_nothing_of_what_is_no_number() {
        let mut cold = sampler(0.0, 1.0, 7);
        assert_eq!(cold.choose(vec![0.0, 3.0, f32::NAN, 2.0]), Some(1));
        assert_eq!(cold.choose(vec![f32::NAN; 3]), None);
        assert_eq!(cold.choose(Vec::new()), None);
    }

    #[test]
    fn a_seed_says_all_and_shares_are_kept() {
        let draws = |seed: u64, top_p: f32| -> Vec<u32> {
            (0..400_u64)
                .filter_map(|step| sampler(1.0, top_p, seed * 1000 + step).choose(vec![1.0, 2.0, 3.0, -40.0]))
                .collect()
        };
        assert_eq!(draws(1, 1.0), draws(1, 1.0));
        let count = |draws: &[u32], token| draws.iter().filter(|drawn| **drawn == token).count();
        let all = draws(2, 1.0);
        assert!(
            count(&all, 2) > count(&all, 1) && count(&all, 1) > count(&all, 0) && count(&all, 0) > 0,
            "{all:?}"
        );
        assert_eq!(count(&all, 3), 0);
        assert_eq!(count(&draws(3, 0.5), 2), 400, "the likeliest alone is half of all");
    }

    #[test]
    fn what_came_just_now_is_less_likely() {
        let mut cold = sampler(0.0, 1.0, 1);
        assert_eq!(cold.choose(vec![2.0, 1.9]), Some(0));
        assert_eq!(cold.choose(vec![2.0, 1.9]), Some(1));
    }
}
