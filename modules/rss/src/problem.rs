//! Why there is no answer, for people to read.

use module::Response;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// No such mailbox, message or part; or it is no feed, or not for who asks.
    #[error("there is no feed, message or part here, or none for you: /rss/ lists the feeds")]
    NotFound,
    /// Parameters that can't be read.
    #[error(
        "the parameters are before=UID and format=atom or format=rss for a feed, and \
         section=NUMBER for a message, each once"
    )]
    Parameters,
    /// No format that there is.
    #[error("feeds come as application/atom+xml and as application/rss+xml")]
    Format,
    /// The part, if there is one, is too far down in a big message.
    #[error("the message is too big to be taken apart so far: ask for all of it by section=0")]
    TooLarge,
    /// The host does not answer now.
    #[error("the mailbox can't be read now: try again later")]
    Unavailable,
}

impl Problem {
    fn status(&self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::Parameters => 400,
            Self::Format => 406,
            Self::TooLarge => 422,
            Self::Unavailable => 503,
        }
    }

    pub(crate) fn into_response(self) -> Response {
        Response::problem(self.status(), &self)
    }
}

impl From<module::Error> for Problem {
    fn from(error: module::Error) -> Self {
        match error {
            module::Error::NotFound | module::Error::Forbidden(_) | module::Error::Invalid(_) => {
                Self::NotFound
            }
            module::Error::TooLarge(_) => Self::TooLarge,
            _ => Self::Unavailable,
        }
    }
}
