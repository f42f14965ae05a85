//! Who made the request that this instance serves: `wit/identity.wit`.

/// How the principal signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignIn {
    /// Not at all: whoever comes.
    Anonymous,
    /// A password. RFC 7617.
    Password,
    /// A token. RFC 6750.
    Bearer,
    /// A SASL mechanism over HTTP. RFC 7804, RFC 4559.
    Sasl,
    /// No client: the host runs the module for this principal.
    Host,
}

/// What the sign-in allows beyond the principal's own rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scope(u8);

impl Scope {
    /// Nothing may be written, whatever the rights say.
    pub const READ_ONLY: Self = Self(1);
    /// The principal administers the tenant.
    pub const ADMIN: Self = Self(1 << 1);

    /// No restriction, no power.
    pub const fn empty() -> Self {
        Self(0)
    }

    /// Says whether all of `other` are in this set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The set of these bits, in the contract's order.
    pub const fn from_bits_retain(bits: u8) -> Self {
        Self(bits)
    }
}

impl std::ops::BitOr for Scope {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The principal of this instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The principal's name; none for anonymous.
    pub principal: Option<String>,
    /// The tenant that the request came to.
    pub tenant: String,
    /// Groups that the principal is in, directly or through others.
    pub groups: Vec<String>,
    /// How the principal signed in.
    pub sign_in: SignIn,
    /// What the sign-in allows.
    pub scope: Scope,
}

impl Identity {
    /// Returns the principal of this instance.
    pub fn current() -> Self {
        crate::backend::identity::current()
    }
}
