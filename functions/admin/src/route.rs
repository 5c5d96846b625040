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
    /// A file of last logins.
    Import,
    /// The files that were imported.
    Imports,
    /// The switch that stops every write.
    Stop,
    /// Seats are needed now.
    Emergency,
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
            ["evidence", "import"] => Some(Self::Import),
            ["evidence", "imports"] => Some(Self::Imports),
            ["stop"] => Some(Self::Stop),
            ["emergency"] => Some(Self::Emergency),
            _ => None,
        }
    }

    /// The methods it takes, as in an `Allow` header.
    pub fn methods(&self) -> &'static str {
        match self {
            Self::Policy => "GET, PUT",
            Self::Stop => "GET, POST, DELETE",
            Self::Plans | Self::Plan(_) | Self::Check | Self::Imports => "GET",
            Self::Approve(_) | Self::Reject(_) | Self::Undo(_) | Self::Import | Self::Emergency => "POST",
        }
    }

    /// The largest body in bytes.
    pub fn max_body(&self) -> usize {
        match self {
            // 200 000 rows, the most that one file may have, with room for long names.
            Self::Import => 8 * 1024 * 1024,
            // A policy with some thousand exemptions.
            Self::Policy
            | Self::Plans
            | Self::Plan(_)
            | Self::Approve(_)
            | Self::Reject(_)
            | Self::Undo(_)
            | Self::Check
            | Self::Imports
            | Self::Stop
            | Self::Emergency => 256 * 1024,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_of_last_logins_may_be_large() {
        assert_eq!(Route::Import.max_body(), 8 << 20);
        for route in [Route::Policy, Route::Stop, Route::Emergency] {
            assert_eq!(route.max_body(), 256 << 10);
        }
    }

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
            ("/admin/evidence/import", Route::Import, "POST"),
            ("/admin/evidence/imports", Route::Imports, "GET"),
            ("/admin/stop", Route::Stop, "GET, POST, DELETE"),
            ("/admin/emergency", Route::Emergency, "POST"),
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
            "/admin/evidence",
            "/evidence/import",
            "/policy",
        ] {
            assert_eq!(Route::find(path), None, "{path}");
        }
    }
}
