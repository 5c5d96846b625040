//! The harness itself: every rule is broken by one page and kept by another, and what a person does has its effect.
//!
//! `cargo xtask setup` installs the browser.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed expectation is a failed test")]

mod site;

use seatkeeper_browser::{
    Browser, Key, Look, Page,
    audit::{self, Rule},
    screenshots,
};
use site::Site;

fn page(site: &Site) -> Page {
    Browser::shared().unwrap().page(site.origin()).unwrap()
}

/// The rules that the page at this path breaks, each once.
fn broken(path: &str) -> Vec<Rule> {
    let site = Site::start();
    let page = page(&site);
    page.open(path).unwrap();
    let faults = audit::page(&page, &format!("harness{}", path.replace('/', "-"))).unwrap();
    // Shown only where the test fails.
    for fault in &faults {
        println!("{fault}");
    }
    let mut rules: Vec<Rule> = faults.iter().map(|fault| fault.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

#[test]
fn a_page_that_keeps_all_rules_has_no_faults_and_leaves_a_picture_of_each_look() {
    assert_eq!(broken("/sound"), []);
    for look in Look::ALL {
        let picture = std::fs::read(screenshots().join(format!("harness-sound-{}.png", look.name()))).unwrap();
        assert!(picture.starts_with(b"\x89PNG") && picture.len() > 1_000, "{} bytes", picture.len());
    }
}

#[test]
fn an_exception_of_a_script_is_found() {
    assert_eq!(broken("/throws"), [Rule::Console]);
}

#[test]
fn a_missing_resource_is_found() {
    assert_eq!(broken("/missing-picture"), [Rule::Console]);
}

#[test]
fn a_script_that_the_policy_of_the_page_refuses_is_found() {
    assert_eq!(broken("/refused-script"), [Rule::Console]);
}

#[test]
fn a_request_to_another_host_is_found_even_if_it_gets_an_answer() {
    assert_eq!(broken("/foreign-picture"), [Rule::OwnHost]);
}

#[test]
fn a_hint_to_connect_to_another_host_is_found() {
    assert_eq!(broken("/preconnects"), [Rule::OwnHost]);
}

#[test]
fn a_page_that_is_heavy_only_with_its_resources_is_found() {
    assert_eq!(broken("/heavy"), [Rule::Weight]);
}

#[test]
fn a_second_first_heading_is_found() {
    assert_eq!(broken("/two-headings"), [Rule::Heading]);
}

#[test]
fn a_page_without_title_and_language_is_found() {
    // axe asks for both too, with rules of its own.
    assert_eq!(broken("/nameless"), [Rule::Title, Rule::Language, Rule::Axe]);
}

#[test]
fn a_table_that_makes_a_phone_scroll_sideways_is_found() {
    assert_eq!(broken("/wide"), [Rule::Width]);
}

#[test]
fn a_page_that_is_not_made_for_phones_is_found() {
    assert_eq!(broken("/no-viewport"), [Rule::Width]);
}

#[test]
fn a_field_without_a_label_is_found() {
    assert_eq!(broken("/no-label"), [Rule::Axe]);
}

#[test]
fn colours_that_are_too_weak_in_the_dark_theme_alone_are_found() {
    assert_eq!(broken("/weak-at-night"), [Rule::Axe]);
}

#[test]
fn a_button_that_tab_skips_is_found() {
    assert_eq!(broken("/skipped"), [Rule::Keyboard]);
}

#[test]
fn a_focus_that_cannot_be_seen_is_found() {
    assert_eq!(broken("/unseen-focus"), [Rule::Focus]);
}

#[test]
fn the_weight_is_that_of_the_page_and_not_of_the_one_before() {
    let site = Site::start();
    let page = page(&site);
    page.open("/heavy").unwrap();
    let heavy = page.weight().unwrap();
    page.click_text("To the sound page").unwrap();
    let sound = page.weight().unwrap();
    assert!(heavy > 200_000 && sound > 500 && sound < 10_000, "{heavy} and {sound} bytes");
}

#[test]
fn a_form_is_filled_and_sent_and_its_cookie_comes_back_over_plain_http_on_this_machine() {
    let site = Site::start();
    let page = page(&site);
    page.sign_in("secret-of-a-viewer").unwrap();
    assert_eq!(page.path().unwrap(), "/admin");
    assert!(page.text().unwrap().contains("__Host-session=secret-of-a-viewer"), "{}", page.text().unwrap());
    page.reload().unwrap();
    assert!(page.text().unwrap().contains("__Host-session=secret-of-a-viewer"), "{}", page.text().unwrap());
}

#[test]
fn two_pages_do_not_share_cookies() {
    let site = Site::start();
    let (one, other) = (page(&site), page(&site));
    one.sign_in("first").unwrap();
    other.open("/admin").unwrap();
    assert!(!other.text().unwrap().contains("first"), "{}", other.text().unwrap());
}

#[test]
fn the_keyboard_alone_follows_a_link_and_ticks_a_box() {
    let site = Site::start();
    let page = page(&site);
    page.open("/sound").unwrap();
    page.press(&[Key::Tab, Key::Tab, Key::Space]).unwrap();
    assert_eq!(page.count("input:checked").unwrap(), 1);
    page.press_with(Key::Shift, Key::Tab).unwrap();
    page.press(&[Key::Enter]).unwrap();
    assert_eq!(page.path().unwrap(), "/admin");
    page.back().unwrap();
    assert_eq!(page.path().unwrap(), "/sound");
}

#[test]
fn theme_and_screen_change_without_loading_the_page_again() {
    let site = Site::start();
    let page = page(&site);
    page.open("/sound").unwrap();
    let ground = || page.evaluate("getComputedStyle(document.body).backgroundColor").unwrap();
    let width = || page.evaluate("innerWidth").unwrap();
    assert_eq!((ground(), width()), ("rgb(255, 255, 255)".into(), 1280.into()));
    page.look(Look::PHONE_DARK).unwrap();
    assert_eq!((ground(), width()), ("rgb(17, 17, 17)".into(), 390.into()));
    assert_eq!(site.visits("/sound"), 1);
}
