//! Signing in at servers at an address: OAuth 2.1 as the protocol has it. The person signs in once, in a browser; from then on
//! whoever talks to the server keeps the tokens fresh.
//!
//! What a server says of where one signs in is hostile: every address is https (or this machine, http), none of the world's leads
//! into a network of one's own, no redirect is followed, all is bounded. A token is kept with the address it is for, and goes to no
//! other.
//!
//! Not here: the browser, and what listens for its answer (whoever is at a terminal), how servers are asked (the lent client).
//!
//! | room | what lives there |
//! |---|---|
//! | `challenge` | what a server says with a refusal of who asks it |
//! | `secure_address` | addresses that may be asked or opened |
//! | `form` | how names and values stand in an address or a body, and bytes as letters |
//! | `clock` | the time, by which tokens end |
//! | `documents` | what servers say of themselves at well-known places, fetched within bounds |
//! | `discovery` | who signs people in for a server, and where |
//! | `registration` | as what q asks there |
//! | `authorization` | a sign-in under way: the address for the browser, and its answer |
//! | `tokens` | tokens for a code, and for what renews them |
//! | `kept` | what came of it, in a file for each server |
//! | `unwritten` | what could not be written there, until it can |
//! | `pass` | the token that a connection sends, renewed before it ends and after a refusal |

mod authorization;
mod challenge;
mod clock;
mod discovery;
mod documents;
mod form;
mod kept;
mod pass;
mod registration;
mod secure_address;
mod tokens;
mod unwritten;

pub use authorization::{SignIn, SignInWish};
pub(crate) use challenge::{Challenge, is_invalid};
pub(crate) use form::escaped;
pub use kept::{SignInState, SignIns};
pub(crate) use pass::{Pass, over};
