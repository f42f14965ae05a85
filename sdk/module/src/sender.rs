//! Whoever sent a parcel, seen by the principal that it came to.

use crate::{Grant, Identifier, Mailbox, Principal, Result, Rights};

/// A sender, and the groups that it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    principal: Option<String>,
    groups: Vec<String>,
}

impl Sender {
    /// The sender of a parcel: none is whoever is not signed in. Asks the host for the groups once;
    /// of a principal that it does not know there are none.
    pub fn new(principal: Option<String>) -> Self {
        let groups = principal.as_deref().map(Principal::groups);
        let groups = groups.and_then(Result::ok).unwrap_or_default();
        Self { principal, groups }
    }

    /// Whether the sender may ask when the events in a mailbox of this instance's principal are,
    /// which who may read may, too. RFC 4791 §6.1.1.
    ///
    /// Needs `administer`, as [`Mailbox::grants`] does.
    pub fn may_ask(&self, mailbox: &Mailbox) -> Result<bool> {
        let rights = self.rights(&mailbox.grants()?);
        Ok(rights.contains(Rights::FREE_BUSY) || rights.contains(Rights::READ))
    }

    /// What grants come to: what is taken away is not given back by any other. RFC 4314 §2.
    fn rights(&self, grants: &[Grant]) -> Rights {
        let meant = |identifier: &Identifier| match identifier {
            Identifier::Anyone => true,
            Identifier::Authenticated => self.principal.is_some(),
            Identifier::Principal(id) => self.principal.as_ref() == Some(id),
            Identifier::Group(id) => self.groups.contains(id),
        };
        let sum = |negative: bool| {
            let grants = grants.iter().filter(|grant| grant.negative == negative);
            let grants = grants.filter(|grant| meant(&grant.identifier));
            grants.fold(Rights::empty(), |sum, grant| sum | grant.rights)
        };
        sum(false).without(sum(true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(principal: Option<&str>, groups: &[&str]) -> Sender {
        Sender {
            principal: principal.map(str::to_owned),
            groups: groups.iter().map(|&group| group.to_owned()).collect(),
        }
    }

    #[test]
    fn grants_are_for_whom_they_name() {
        let group = Identifier::Group("staff".to_owned());
        let grants = [
            Grant::new(Identifier::Anyone, Rights::LOOKUP),
            Grant::new(Identifier::Authenticated, Rights::FREE_BUSY),
            Grant::new(Identifier::Principal("bob".to_owned()), Rights::READ),
            Grant::new(group, Rights::WRITE),
        ];
        let letters = |sender: Sender| sender.rights(&grants).letters();
        assert_eq!(letters(sender(None, &[])), "l");
        assert_eq!(letters(sender(Some("eve"), &[])), "l9");
        assert_eq!(letters(sender(Some("bob"), &[])), "lr9");
        assert_eq!(letters(sender(Some("eve"), &["staff"])), "lw9");
    }

    #[test]
    fn what_is_taken_away_is_not_given_by_another_grant() {
        let bob = || Identifier::Principal("bob".to_owned());
        let mut taken = Grant::new(bob(), Rights::READ);
        taken.negative = true;
        let given = Grant::new(Identifier::Anyone, Rights::READ.with(Rights::LOOKUP));
        let grants = [taken, given, Grant::new(bob(), Rights::READ)];
        assert_eq!(sender(Some("bob"), &[]).rights(&grants).letters(), "l");
        assert_eq!(sender(Some("eve"), &[]).rights(&grants).letters(), "lr");
    }
}
