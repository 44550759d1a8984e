//! What do certificates and the configured policy say of a call?

use super::gate::{Access, Arrival, Caller, Gate, Refusal, Rpc};
use crate::access::{Decision, DenyReason, Identity, Policy};
use crate::store::{ExhibitMetadata, Sharing};
use jiff::Timestamp;

/// Lets laboratories do what the policy allows; whatever it does not allow is refused.
///
/// Who calls is in the client's certificate ([`Identity`]), looked at anew for every call, since a connection may outlive
/// it. Nobody is unrestricted.
#[derive(Clone, Debug)]
pub struct LaboratoryGate {
    policy: Policy,
    /// For whom those act who show no certificate.
    anonymous: Option<Identity>,
}

impl LaboratoryGate {
    /// A gate by this policy. Callers without a certificate act for `anonymous`, if anyone is named; else they are
    /// refused.
    #[must_use]
    pub fn new(policy: Policy, anonymous: Option<Identity>) -> Self {
        Self { policy, anonymous }
    }
}

impl Gate for LaboratoryGate {
    fn identify(&self, arrival: &Arrival<'_>) -> Result<Caller, Refusal> {
        let (identity, name) = match (arrival.certificates.first(), &self.anonymous) {
            (Some(der), _) => {
                let identity =
                    Identity::from_certificate(der, Timestamp::now()).map_err(|error| {
                        Refusal::Unauthenticated { reason: Some(error.to_string()) }
                    })?;
                let name = identity.to_string();
                (identity, name)
            }
            (None, Some(anonymous)) => {
                let peer = arrival.peer.map_or_else(String::new, |peer| format!(":{}", peer.ip()));
                (anonymous.clone(), format!("anonymous{peer} as {anonymous}"))
            }
            (None, None) => return Err(Refusal::Unauthenticated { reason: None }),
        };
        Ok(Caller { name, identity: Some(identity), unrestricted: false })
    }

    fn allows(&self, caller: &Caller, rpc: Rpc) -> Result<(), Refusal> {
        let refused = |reason: &DenyReason| {
            let (caller, reason) = (caller.name.clone(), reason.to_string());
            Refusal::Denied { caller, rpc, reason }
        };
        let Some(identity) = &caller.identity else {
            return Err(Refusal::Unauthenticated { reason: None });
        };
        let decision = match rpc.action() {
            Some(action) => self.policy.decide(identity, action),
            None => self.policy.roles(identity).map_or_else(Decision::Deny, |_| Decision::Allow),
        };
        match decision {
            Decision::Allow => Ok(()),
            Decision::Deny(reason) => Err(refused(&reason)),
            // Nothing in particular was asked about.
            Decision::Restricted => Err(refused(&DenyReason::Hidden)),
        }
    }

    fn access(&self, caller: &Caller, rpc: Rpc, laboratory: &str, own: Option<&Sharing>) -> Access {
        let (Some(identity), Some(action)) = (&caller.identity, rpc.action()) else {
            return Access::Hidden;
        };
        match self.policy.decide_on(identity, action, laboratory, own) {
            Decision::Allow => Access::Allowed,
            Decision::Restricted => Access::Restricted,
            Decision::Deny(DenyReason::NotOwner { .. }) => Access::NotOwner,
            Decision::Deny(_) => Access::Hidden,
        }
    }

    fn enters(&self, caller: &Caller, exhibit: &ExhibitMetadata) -> Result<(), Refusal> {
        let Some(identity) = &caller.identity else {
            return Err(Refusal::Unauthenticated { reason: None });
        };
        if exhibit.laboratory == identity.laboratory() {
            return Ok(());
        }
        let (found, wanted) = (exhibit.laboratory.clone(), identity.laboratory().to_owned());
        Err(Refusal::OtherLaboratory { found, wanted })
    }
}
