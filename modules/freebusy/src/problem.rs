//! Why there is no answer, for people to read.

use module::Response;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// A path that means nothing.
    #[error("free-busy URLs are /freebusy/user/NAME and /freebusy/user/NAME/CALENDAR")]
    NoSuchPath,
    /// Parameters that can't be read at all.
    #[error("the parameters are too many, or not UTF-8 after percent signs were decoded")]
    Parameters,
    /// A wrong parameter.
    #[error("{name:?} must be {wanted}")]
    Parameter {
        /// Its name.
        name: &'static str,
        /// What it must be.
        wanted: &'static str,
    },
    /// No format that there is.
    #[error("free and busy times come as text/calendar and as application/calendar+json")]
    Format,
    /// There is nobody or no calendar of that name, or who asks may not know.
    #[error("there are no free and busy times here, or none for you")]
    NotFound,
    /// Anonymous asks, and somebody else might be told.
    #[error("sign in to see free and busy times here")]
    SignIn,
    /// The recurrences are too many.
    #[error("{0}: ask for a shorter time")]
    Exceeded(String),
    /// The host does not answer now.
    #[error("the times can't be found out now: try again later")]
    Unavailable,
}

impl Problem {
    fn status(&self) -> u16 {
        match self {
            Self::NoSuchPath | Self::NotFound => 404,
            Self::Parameters | Self::Parameter { .. } => 400,
            Self::Format => 406,
            Self::SignIn => 401,
            Self::Exceeded(_) => 507,
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
            _ => Self::Unavailable,
        }
    }
}
