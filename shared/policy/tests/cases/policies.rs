//! Policies that contradict each other or themselves.

use super::*;

fn population(name: &str, priority: u32, users: &str, rules: &str) -> String {
    format!("[[population]]\nname = \"{name}\"\npriority = {priority}\nusers = [\"{users}\"]\nrules = {{ {rules} }}\n")
}

#[test]
fn case_65_where_two_policies_claim_somebody_the_priority_decides_and_without_one_nothing_happens() {
    let of = |first: u32, second: u32, rules: &str| {
        let [a, b] = [
            population("contractors", first, "ext-*", "inactive.after-days = 30"),
            population("everybody", second, "*", rules),
        ];
        file(&format!("inactive.after-days = 90\n{a}{b}")).unwrap()
    };
    let subject = idle("ext-jdoe", 60, noon());
    let other = "inactive.after-days = 365";
    assert_eq!(code(&of(2, 1, other), &subject), "reclaim/inactive");
    assert_eq!(code(&of(1, 2, other), &subject), "keep/recently-active");
    let told = judge(&of(1, 1, other), &idle("ext-jdoe", 400, noon())).to_string();
    assert!(told.contains("contractors") && told.contains("everybody"), "{told}");
    assert_eq!(code(&of(1, 1, other), &idle("ext-jdoe", 400, noon())), "hold/policies-conflict");
    // Other measures are other rules too.
    let disabling = "inactive.after-days = 30, measures = { disable = true }";
    assert_eq!(code(&of(1, 1, disabling), &subject), "hold/policies-conflict");
    // The same rules are no dispute.
    assert_eq!(code(&of(1, 1, "inactive.after-days = 30"), &subject), "reclaim/inactive");
}

#[test]
fn case_65_a_missing_fact_that_could_bring_a_second_claim_holds_too() {
    let contractors = population("contractors", 1, "ext-*", "inactive.after-days = 30");
    // Whichever of them comes first in the alphabet.
    for partners in ["a-partners", "z-partners"] {
        let policy = file(&format!(
            "inactive.after-days = 90\n{contractors}[[population]]\nname = \"{partners}\"\npriority = 1\n\
             mail-domains = [\"example.com\"]\nrules = {{ inactive.after-days = 365 }}"
        ))
        .unwrap();
        assert_eq!(code(&policy, &idle("ext-jdoe", 60, noon())), "hold/population-unknown", "{partners}");
        let elsewhere = Account { email: Some("j@example.org".into()), ..idle("ext-jdoe", 60, noon()) };
        assert_eq!(code(&policy, &elsewhere), "reclaim/inactive", "{partners}");
    }
}

#[test]
fn case_66_windows_are_checked_against_their_limits_and_against_each_other() {
    for (rules, expected) in [
        ("inactive.after-days = 0", "inactive.after-days"),
        ("inactive.after-days = 3651", "inactive.after-days"),
        ("inactive.after-days = 90\nnever-logged-in.after-days = 0", "never-logged-in.after-days"),
        ("inactive.after-days = 90\nprotect.young-days = 0", "protect.young-days"),
        ("inactive.after-days = 90\nprotect.restored-days = 0", "protect.restored-days"),
        ("inactive.after-days = 90\nprotect.warm-up-days = 3651", "protect.warm-up-days"),
        ("inactive.after-days = 90\nwarn.grace-days = 0", "warn.grace-days"),
        ("inactive.after-days = 90\nwarn.grace-days = 366", "warn.grace-days"),
        ("inactive.after-days = 90\nguard.regressed-percent = 101", "guard.regressed-percent"),
        ("preset = \"disa-stig\"\ninactive.after-days = 36", "inactive.after-days"),
        ("preset = \"cis\"\nnever-logged-in.after-days = 46", "never-logged-in.after-days"),
        ("only-never-logged-in = true", "only-never-logged-in"),
        ("only-never-logged-in = true\npreset = \"cis\"\ninactive.after-days = 9", "only-never-logged-in"),
        ("never-logged-in.after-days = 60", "inactive"),
    ] {
        let found = fields(rules);
        assert!(found.iter().any(|field| field.starts_with(expected)), "{rules}: {found:?}");
    }
    for rules in ["preset = \"disa-stig\"\ninactive.after-days = 35", "preset = \"pci-dss\"\ninactive.after-days = 1"] {
        assert!(file(rules).is_ok(), "{rules}");
    }
}

#[test]
fn case_66_a_population_cannot_be_looser_than_the_standard_of_the_whole_policy() {
    let of = |rules: &str| format!("preset = \"disa-stig\"\n{}", population("p", 1, "*", rules));
    assert_eq!(fields(&of("inactive.after-days = 36")), ["population[0].rules.inactive.after-days"]);
    assert_eq!(fields(&of("never-logged-in.after-days = 36")), ["population[0].rules.never-logged-in.after-days"]);
    assert!(file(&of("inactive.after-days = 35")).is_ok());
    // Unless it has a standard of its own.
    let own = file(&of("preset = \"cis\", inactive.after-days = 40")).unwrap();
    assert_eq!(code(&own, &idle("jdoe", 39, noon())), "keep/recently-active");
    assert_eq!(code(&own, &idle("jdoe", 41, noon())), "reclaim/inactive");
}

#[test]
fn case_66_a_population_that_contradicts_itself_is_refused() {
    for (rules, expected) in [
        ("no-warning = true, warn = {}", "population[0].rules.no-warning"),
        ("only-never-logged-in = true, inactive.after-days = 30", "population[0].rules.only-never-logged-in"),
        ("only-never-logged-in = true", "population[0].rules"),
    ] {
        let found = fields(&format!("inactive.after-days = 90\n{}", population("p", 1, "*", rules)));
        assert!(found.iter().any(|field| field == expected), "{rules}: {found:?}");
    }
    let only = "only-never-logged-in = true\nnever-logged-in.after-days = 60\n";
    let found = fields(&format!("{only}{}", population("p", 1, "*", "only-never-logged-in = false")));
    assert_eq!(found, ["population[0].rules.only-never-logged-in"]);
    let wider = population("p", 1, "*", "inactive.after-days = 30");
    assert_eq!(code(&file(&format!("{only}{wider}")).unwrap(), &idle("jdoe", 31, noon())), "reclaim/inactive");
}

#[test]
fn case_67_an_empty_scope_is_refused_and_never_means_everybody() {
    let nobody = "version = 1\nlicence-groups = []\ninactive.after-days = 90";
    let problems = Policy::try_from(toml::from_str::<RawPolicy>(nobody).unwrap()).unwrap_err();
    assert!(problems.iter().any(|p| p.field == "licence-groups" && p.problem.contains("never means everyone")));
    let found = fields("inactive.after-days = 90\n[[population]]\nname = \"p\"\npriority = 1");
    assert!(found.contains(&"population[0]".to_owned()), "{found:?}");
    // A scope that is left out altogether does not even parse.
    assert!(toml::from_str::<RawPolicy>("version = 1\ninactive.after-days = 90").is_err());
    // Nor does one that is misspelt.
    assert!(toml::from_str::<RawPolicy>("version = 1\nlicense-groups = [\"a\"]").is_err());
}

#[test]
fn case_67_names_that_cannot_be_groups_are_told_one_by_one() {
    let text = "version = 1\nlicence-groups = [\"users\", \"\", \"users\", \"a\\u0000b\"]\ninactive.after-days = 90";
    let problems = Policy::try_from(toml::from_str::<RawPolicy>(text).unwrap()).unwrap_err();
    let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["licence-groups[1]", "licence-groups[2]", "licence-groups[3]"]);
}
