//! Which administrator's request an address means.

use seatkeeper_policy::SweepId;

/// A request's subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// The policy.
    Policy,
    /// All plans.
    Plans,
    /// One plan.
    Plan(SweepId),
    /// Yes to a plan.
    Approve(SweepId),
    /// No to a plan.
    Reject(SweepId),
    /// Giving back what a run took.
    Undo(SweepId),
    /// Is everything as it should be?
    Check,
}

impl Route {
    /// Finds it by path.
    pub fn find(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.strip_prefix("/admin/")?.split('/').collect();
        let id = |text: &str| SweepId::parse(text).ok();
        match parts.as_slice() {
            ["policy"] => Some(Self::Policy),
            ["check"] => Some(Self::Check),
            ["plans"] => Some(Self::Plans),
            ["plans", plan] => Some(Self::Plan(id(plan)?)),
            ["plans", plan, "approve"] => Some(Self::Approve(id(plan)?)),
            ["plans", plan, "reject"] => Some(Self::Reject(id(plan)?)),
            ["runs", run, "undo"] => Some(Self::Undo(id(run)?)),
            _ => None,
        }
    }

    /// The methods it takes, as in an `Allow` header.
    pub fn methods(&self) -> &'static str {
        match self {
            Self::Policy => "GET, PUT",
            Self::Plans | Self::Plan(_) | Self::Check => "GET",
            Self::Approve(_) | Self::Reject(_) | Self::Undo(_) => "POST",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_one_subject_and_nothing_else_is_one() {
        let id = || SweepId::parse("20261122-120000").unwrap();
        for (path, route, methods) in [
            ("/admin/policy", Route::Policy, "GET, PUT"),
            ("/admin/check", Route::Check, "GET"),
            ("/admin/plans", Route::Plans, "GET"),
            ("/admin/plans/20261122-120000", Route::Plan(id()), "GET"),
            ("/admin/plans/20261122-120000/approve", Route::Approve(id()), "POST"),
            ("/admin/plans/20261122-120000/reject", Route::Reject(id()), "POST"),
            ("/admin/runs/20261122-120000/undo", Route::Undo(id()), "POST"),
        ] {
            let found = Route::find(path);
            assert_eq!(found.as_ref(), Some(&route), "{path}");
            assert_eq!(route.methods(), methods);
        }
        for path in [
            "/admin",
            "/admin/",
            "/admin/plans/",
            "/admin/plans/A_B",
            "/admin/plans/1/undo",
            "/admin/runs/1",
            "/policy",
        ] {
            assert_eq!(Route::find(path), None, "{path}");
        }
    }
}
