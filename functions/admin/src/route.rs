//! Which administrator's request an address means.

use http::Method;
use percent_encoding::percent_decode_str;
use seatkeeper_engine::{policy_file, session::Role};
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
    /// One account's mail address, full name and groups.
    User(String),
    /// One account's name.
    Rename(String),
    /// A file of changes.
    Bulk,
    /// All jobs that change accounts.
    Jobs,
    /// One such job.
    Job(SweepId),
    /// Going on with one.
    ResumeJob(SweepId),
    /// Undoing one.
    UndoJob(SweepId),
    /// Leaving an account out of a plan.
    Strike(SweepId),
    /// Taking it in again.
    PutBack(SweepId),
    /// Releasing the switch, for forms.
    Release,
    /// A sweep now.
    Sweep,
    /// Whether a policy is valid.
    PolicyCheck,
    /// Exempting somebody.
    Exempt,
    /// Ending an exemption.
    EndExemption,
    /// Signing in to the console.
    SignIn,
    /// Signing in with a company account.
    SignOn,
    /// Coming back from there.
    SignOnReturn,
    /// Signing out.
    SignOut,
    /// What another policy would have done.
    Simulate,
    /// The audit trail.
    Audit,
    /// A test message.
    TestAlert,
}

impl Route {
    /// Finds it by path.
    pub fn find(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.strip_prefix("/admin/")?.split('/').collect();
        let id = |text: &str| SweepId::parse(text).ok();
        // Whatever a name holds, it is one segment; whether it is a name, the check says.
        let name = |text: &str| {
            let name = percent_decode_str(text).decode_utf8().ok()?.into_owned();
            (!name.is_empty()).then_some(name)
        };
        match parts.as_slice() {
            ["policy"] => Some(Self::Policy),
            ["policy", "check"] => Some(Self::PolicyCheck),
            ["check"] => Some(Self::Check),
            ["exemptions"] => Some(Self::Exempt),
            ["exemptions", "end"] => Some(Self::EndExemption),
            ["sign-in"] => Some(Self::SignIn),
            ["sign-in", "oidc"] => Some(Self::SignOn),
            ["sign-in", "oidc", "return"] => Some(Self::SignOnReturn),
            ["sign-out"] => Some(Self::SignOut),
            ["sweep"] => Some(Self::Sweep),
            ["plans"] => Some(Self::Plans),
            ["plans", plan] => Some(Self::Plan(id(plan)?)),
            ["plans", plan, "approve"] => Some(Self::Approve(id(plan)?)),
            ["plans", plan, "reject"] => Some(Self::Reject(id(plan)?)),
            ["plans", plan, "strike"] => Some(Self::Strike(id(plan)?)),
            ["plans", plan, "put-back"] => Some(Self::PutBack(id(plan)?)),
            ["runs", run, "undo"] => Some(Self::Undo(id(run)?)),
            ["evidence", "import"] => Some(Self::Import),
            ["evidence", "imports"] => Some(Self::Imports),
            ["stop"] => Some(Self::Stop),
            ["stop", "release"] => Some(Self::Release),
            ["emergency"] => Some(Self::Emergency),
            ["simulate"] => Some(Self::Simulate),
            ["audit"] => Some(Self::Audit),
            ["alerts", "test"] => Some(Self::TestAlert),
            ["users", "bulk"] => Some(Self::Bulk),
            ["users", "jobs"] => Some(Self::Jobs),
            ["users", user, "rename"] => Some(Self::Rename(name(user)?)),
            ["users", "jobs", job] => Some(Self::Job(id(job)?)),
            ["users", "jobs", job, "resume"] => Some(Self::ResumeJob(id(job)?)),
            ["users", "jobs", job, "undo"] => Some(Self::UndoJob(id(job)?)),
            ["users", user] => Some(Self::User(name(user)?)),
            _ => None,
        }
    }

    /// The methods it takes, as in an `Allow` header.
    pub fn methods(&self) -> &'static str {
        match self {
            Self::Policy => "GET, PUT, POST",
            Self::SignIn => "GET, POST",
            Self::Stop => "GET, POST, DELETE",
            Self::Plans
            | Self::Plan(_)
            | Self::Check
            | Self::Imports
            | Self::Jobs
            | Self::Job(_)
            | Self::Audit
            | Self::SignOn
            | Self::SignOnReturn => "GET",
            Self::Approve(_)
            | Self::Reject(_)
            | Self::Undo(_)
            | Self::Import
            | Self::Emergency
            | Self::Rename(_)
            | Self::Bulk
            | Self::ResumeJob(_)
            | Self::UndoJob(_)
            | Self::Strike(_)
            | Self::PutBack(_)
            | Self::Release
            | Self::Sweep
            | Self::PolicyCheck
            | Self::Exempt
            | Self::EndExemption
            | Self::Simulate
            | Self::TestAlert
            | Self::SignOut => "POST",
            Self::User(_) => "PATCH",
        }
    }

    /// What it takes to send it.
    pub fn role(&self, method: &Method) -> Role {
        match self {
            // They talk to Confluence or work for long; they are for whoever sets things up.
            Self::Check | Self::Simulate => Role::Operator,
            _ if matches!(*method, Method::GET | Method::HEAD) => Role::Viewer,
            Self::PolicyCheck | Self::SignIn | Self::SignOn | Self::SignOnReturn | Self::SignOut => Role::Viewer,
            Self::Exempt
            | Self::Stop
            | Self::Release
            | Self::Sweep
            | Self::Import
            | Self::TestAlert
            | Self::Strike(_)
            | Self::PutBack(_) => Role::Operator,
            // Whoever is exempt no more may lose their seat with the next plan.
            Self::Approve(_) | Self::Reject(_) | Self::Undo(_) | Self::EndExemption => Role::Approver,
            Self::Policy
            | Self::Plans
            | Self::Plan(_)
            | Self::Imports
            | Self::Emergency
            | Self::User(_)
            | Self::Rename(_)
            | Self::Bulk
            | Self::Jobs
            | Self::Job(_)
            | Self::ResumeJob(_)
            | Self::UndoJob(_)
            | Self::Audit => Role::Admin,
        }
    }

    /// The largest body in bytes.
    pub fn max_body(&self) -> usize {
        match self {
            // 200 000 rows, the most that one file may have, with room for long names; 20 000 longer ones of changes.
            Self::Import | Self::Bulk => 8 * 1024 * 1024,
            // Nobody is known yet, so nobody may send much.
            Self::SignIn | Self::SignOn | Self::SignOnReturn | Self::SignOut => 4 * 1024,
            // A policy with some thousand exemptions.
            _ => policy_file::LARGEST,
        }
    }

    /// The same for a form: it writes each byte of a policy as up to three, and has fields of its own.
    pub fn max_form(&self) -> usize {
        match self {
            Self::Policy | Self::PolicyCheck => 3 * policy_file::LARGEST + 4 * 1024,
            _ => self.max_body(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_may_be_large() {
        for route in [Route::Import, Route::Bulk] {
            assert_eq!(route.max_body(), 8 << 20);
        }
        for route in [Route::Policy, Route::Stop, Route::Emergency, Route::User("a".into())] {
            assert_eq!(route.max_body(), 256 << 10);
        }
    }

    #[test]
    fn a_viewer_reads_jobs_with_their_names_and_addresses_and_changes_none() {
        let id = || SweepId::parse("20261122-120000").unwrap();
        for route in [Route::Jobs, Route::Job(id())] {
            assert_eq!(route.role(&Method::GET), Role::Viewer);
        }
        for route in [Route::Bulk, Route::ResumeJob(id()), Route::UndoJob(id()), Route::User("a".into())] {
            assert_eq!(route.role(&Method::POST), Role::Admin);
        }
    }

    #[test]
    fn a_form_with_the_largest_policy_fits_however_it_is_written() {
        let policy = "ü".repeat(policy_file::LARGEST / 2);
        let text = percent_encoding::utf8_percent_encode(&policy, percent_encoding::NON_ALPHANUMERIC).to_string();
        let form = format!("form-token={0}&back=%2Freport%2Fpolicy&version=4294967295&text={text}", "0".repeat(64));
        for route in [Route::Policy, Route::PolicyCheck] {
            assert!(form.len() <= route.max_form(), "{} bytes", form.len());
        }
        assert_eq!(Route::Exempt.max_form(), Route::Exempt.max_body());
    }

    #[test]
    fn a_path_names_one_subject_and_nothing_else_is_one() {
        let id = || SweepId::parse("20261122-120000").unwrap();
        for (path, route, methods) in [
            ("/admin/policy", Route::Policy, "GET, PUT, POST"),
            ("/admin/policy/check", Route::PolicyCheck, "POST"),
            ("/admin/exemptions", Route::Exempt, "POST"),
            ("/admin/exemptions/end", Route::EndExemption, "POST"),
            ("/admin/sign-in", Route::SignIn, "GET, POST"),
            ("/admin/sign-in/oidc", Route::SignOn, "GET"),
            ("/admin/sign-in/oidc/return", Route::SignOnReturn, "GET"),
            ("/admin/sign-out", Route::SignOut, "POST"),
            ("/admin/sweep", Route::Sweep, "POST"),
            ("/admin/stop/release", Route::Release, "POST"),
            ("/admin/plans/20261122-120000/strike", Route::Strike(id()), "POST"),
            ("/admin/plans/20261122-120000/put-back", Route::PutBack(id()), "POST"),
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
            ("/admin/users/jdoe", Route::User("jdoe".into()), "PATCH"),
            ("/admin/users/a%2Fb%20%C3%BC%25", Route::User("a/b ü%".into()), "PATCH"),
            ("/admin/users/jdoe/rename", Route::Rename("jdoe".into()), "POST"),
            ("/admin/users/jobs/rename", Route::Rename("jobs".into()), "POST"),
            ("/admin/users/bulk", Route::Bulk, "POST"),
            ("/admin/users/jobs", Route::Jobs, "GET"),
            ("/admin/users/jobs/20261122-120000", Route::Job(id()), "GET"),
            ("/admin/users/jobs/20261122-120000/resume", Route::ResumeJob(id()), "POST"),
            ("/admin/users/jobs/20261122-120000/undo", Route::UndoJob(id()), "POST"),
            ("/admin/simulate", Route::Simulate, "POST"),
            ("/admin/audit", Route::Audit, "GET"),
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
            "/admin/users",
            "/admin/users/",
            "/admin/users//rename",
            "/admin/users/a/b/rename",
            "/admin/users/%ff",
            "/admin/users/jobs/A_B",
            "/admin/evidence",
            "/evidence/import",
            "/policy",
        ] {
            assert_eq!(Route::find(path), None, "{path}");
        }
    }
}
