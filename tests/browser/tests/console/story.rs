//! The story: sweep, look at the plan, take somebody off it, approve, run, undo; by clicks and by keys alone.

use std::{
    thread,
    time::{Duration, Instant},
};

use seatkeeper_browser::{Key, Page, screenshots};
use seatkeeper_tests::stage::tokens;

use crate::stage::Stage;

/// A page about something that is under way asks anew every few seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until the page shows a text by itself.
fn until(page: &Page, text: &str) {
    let started = Instant::now();
    while !page.text_of("main").unwrap().contains(text) {
        let shown = || page.text_of("main").unwrap();
        assert!(started.elapsed() < PATIENCE, "`{text}` did not appear on {}: {}", page.path().unwrap(), shown());
        thread::sleep(Duration::from_millis(100));
    }
}

/// Accounts of the plan that is open, by the number that the first lane shows.
fn ready(page: &Page) -> u64 {
    page.text_of("#ready .figure").unwrap().parse().unwrap()
}

/// The name of somebody on the plan, and what finds the button that takes them off. The server that plays Confluence
/// answers about one account only by a name that needs no escaping.
fn somebody(page: &Page) -> (String, String) {
    let rows = "[...document.querySelectorAll('tr:has(button[form=strike])')]";
    let named = "(row => [row.querySelector('td').innerText.trim(), row.querySelector('button[form=strike]').value])";
    let found = page.evaluate(&format!("{rows}.map{named}.find(([name]) => /^[a-z0-9.]+$/.test(name))")).unwrap();
    let (name, key) = (found[0].as_str().unwrap(), found[1].as_str().unwrap());
    (name.to_owned(), format!("button[form=strike][value='{key}']"))
}

#[test]
fn somebody_sweeps_strikes_a_row_off_approves_watches_the_run_and_undoes_it_by_clicks() {
    let stage = Stage::new(300, "approve");
    let page = stage.signed_in("approver");
    let seats = stage.site.seats_used().unwrap();

    page.click_text("Runs").unwrap();
    page.click_text("Sweep now").unwrap();
    // What the timer does every minute.
    stage.install.sweep("/sweep").unwrap();
    page.click_text("Plan").unwrap();
    let planned = ready(&page);
    assert!(planned > 5, "{planned} accounts are planned");
    page.screenshot("story-1-preview").unwrap();

    let (spared, button) = somebody(&page);
    page.click(&button).unwrap();
    assert_eq!(ready(&page), planned - 1);
    assert!(page.text_of("main").unwrap().contains("Taken off this plan"));

    let approve = format!("Approve: take {} seats", planned - 1);
    page.click_text(&approve).unwrap();
    assert!(page.answer(false).unwrap().contains(&format!("{} seats", planned - 1)));
    assert_eq!(stage.site.seats_used().unwrap(), seats, "a question that was answered with no took seats");
    assert_eq!(page.count("#answer").unwrap(), 1, "the plan still waits");
    page.click_text(&approve).unwrap();
    page.answer(true).unwrap();
    until(&page, "approved by Anna");
    page.screenshot("story-2-approved").unwrap();

    stage.install.sweep("/sweep").unwrap();
    until(&page, "Undo this run");
    page.screenshot("story-3-applied").unwrap();
    assert!(stage.site.has_seat(&spared).unwrap(), "{spared} was taken off the plan and lost the seat");
    let after = stage.site.seats_used().unwrap();
    assert!(after < seats, "{after} of {seats} seats are still in use");

    page.click_text("Undo this run").unwrap();
    page.answer(true).unwrap();
    until(&page, "got everything back");
    page.screenshot("story-4-undone").unwrap();
    assert_eq!(stage.site.seats_used().unwrap(), seats);
    page.click_text("Audit").unwrap();
    let trail = page.text_of("main").unwrap();
    assert!(trail.contains("Anna") && trail.contains("unbroken"), "{trail}");
    assert!(screenshots().join("story-4-undone-desktop-light.png").is_file());
}

#[test]
fn the_same_can_be_done_without_a_mouse() {
    let stage = Stage::new(300, "approve");
    let page = stage.page();
    let seats = stage.site.seats_used().unwrap();
    // The field for the token has the focus from the beginning.
    page.open("/report").unwrap();
    page.type_text(tokens().of("approver").unwrap()).unwrap();
    page.press(&[Key::Enter]).unwrap();
    assert_eq!(page.text_of("h1").unwrap(), "Overview");

    let go = |page: &Page, text: &str| {
        page.tab_to(text).unwrap();
        page.press(&[Key::Enter]).unwrap();
    };
    // The first thing that Tab reaches leads past the navigation.
    page.press(&[Key::Tab]).unwrap();
    assert_eq!(page.evaluate("document.activeElement.textContent").unwrap(), "Skip to content");
    go(&page, "Runs");
    go(&page, "Sweep now");
    stage.install.sweep("/sweep").unwrap();
    go(&page, "Plan");
    let planned = ready(&page);
    go(&page, &format!("Approve: take {planned} seats"));
    page.answer(true).unwrap();
    until(&page, "approved by Anna");
    stage.install.sweep("/sweep").unwrap();
    until(&page, "Undo this run");
    assert!(stage.site.seats_used().unwrap() < seats);
    go(&page, "Undo this run");
    page.answer(true).unwrap();
    until(&page, "got everything back");
    assert_eq!(stage.site.seats_used().unwrap(), seats);
    go(&page, "Sign out");
    assert_eq!(page.text_of("h1").unwrap(), "Sign in");
}
