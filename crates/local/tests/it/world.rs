//! What these tests share: a model's file read, weights that follow a script, and a wait for what happens elsewhere.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use q_local::LocalError;
use q_local::model_file::ModelFile;
use q_local::weights::{Sequence, Weights};

use crate::support::World;

/// Nothing here takes so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

impl World {
    pub(crate) fn file(&self) -> ModelFile {
        ModelFile::open(&self.model).unwrap()
    }
}

/// What happens to conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Began,
    Read(usize),
    Dropped,
}

/// Weights that say a text and end, or say it for ever; each token waits for a permission where permissions are given.
pub(crate) struct Scripted {
    text: &'static str,
    is_endless: bool,
    told: Sender<Told>,
    permits: Option<Arc<Mutex<Receiver<()>>>>,
    file: Arc<ModelFile>,
}

impl Scripted {
    pub(crate) fn new(file: &ModelFile, text: &'static str) -> (Self, Receiver<Told>) {
        let (told, hear) = channel();
        (Self { text, is_endless: false, told, permits: None, file: Arc::new(file.clone()) }, hear)
    }

    pub(crate) fn endless(self) -> Self {
        Self { is_endless: true, ..self }
    }

    pub(crate) fn with_permits(self) -> (Self, Sender<()>) {
        let (permit, permits) = channel();
        (Self { permits: Some(Arc::new(Mutex::new(permits))), ..self }, permit)
    }
}

impl Weights for Scripted {
    fn sequence(&self) -> Box<dyn Sequence> {
        let mut tokens = Vec::new();
        self.file.tokenizer.write(self.text, &mut tokens);
        let end = self.file.tokenizer.control("<|im_end|>").unwrap();
        let said = Said {
            tokens,
            end: (!self.is_endless).then_some(end),
            next: 0,
            size: self.file.tokenizer.size(),
            told: self.told.clone(),
            permits: self.permits.clone(),
        };
        let _nobody_hears = said.told.send(Told::Began);
        Box::new(said)
    }
}

struct Said {
    tokens: Vec<u32>,
    end: Option<u32>,
    next: usize,
    size: usize,
    told: Sender<Told>,
    permits: Option<Arc<Mutex<Receiver<()>>>>,
}

impl Sequence for Said {
    fn read(&mut self, tokens: &[u32]) -> Result<Vec<f32>, LocalError> {
        let _nobody_hears = self.told.send(Told::Read(tokens.len()));
        if let Some(permits) = &self.permits {
            permits.lock().unwrap().recv_timeout(PATIENCE).map_err(|_| LocalError::new("not permitted"))?;
        }
        let mut logits = vec![0.0; self.size];
        // The last piece of a conversation is followed by the first word; so is any piece before it, which nobody asks for.
        if tokens.len() > 1 {
            self.next = 0;
        }
        let token = match (self.tokens.get(self.next), self.end) {
            (Some(token), _) => *token,
            (None, Some(end)) => end,
            (None, None) => {
                self.next = 0;
                self.tokens[0]
            }
        };
        self.next += 1;
        logits[token as usize] = 1000.0;
        Ok(logits)
    }
}

impl Drop for Said {
    fn drop(&mut self) {
        let _nobody_hears = self.told.send(Told::Dropped);
    }
}
