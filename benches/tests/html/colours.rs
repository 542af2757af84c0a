//! Both themes have all colours, and what is written in them can be read.

use crate::record;
use leno_bench::html::page;

/// The colours that follow `start` in the style sheet, by name.
fn colours<'a>(page: &'a str, start: &str) -> Vec<(&'a str, &'a str)> {
    let from = page.find(start).expect("the theme is there") + start.len();
    let to = from + page[from..].find('}').expect("it ends");
    page[from..to]
        .lines()
        .filter_map(|line| line.trim().trim_end_matches(';').split_once(": "))
        .filter(|(name, _)| name.starts_with("--"))
        .collect()
}

/// The themes: light, dark by the system's choice, dark by the reader's.
const THEMES: [&str; 3] = [
    ":root {",
    ":root:not(:has(#theme-light:checked)) {",
    ":root:has(#theme-dark:checked) {",
];

/// How light a colour "#rgb" or "#rrggbb" is: the relative luminance of the accessibility guidelines (WCAG 2).
fn luminance(colour: &str) -> f64 {
    let digits = colour.strip_prefix('#').expect("it is in hexadecimal");
    let wide = digits.len() / 3;
    let part = |place: usize| {
        let digits = &digits[place * wide..(place + 1) * wide];
        let value = u8::from_str_radix(&digits.repeat(3 - wide), 16).expect("they are digits");
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * part(0) + 0.7152 * part(1) + 0.0722 * part(2)
}

fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn both_themes_have_all_colours() {
    let page = page(&record(0, Vec::new()), &[], None);
    assert!(page.contains("prefers-color-scheme: dark"));
    let [light, dark, chosen] = THEMES.map(|theme| colours(&page, theme));
    assert_eq!(dark, chosen);
    let names = |theme: &[(&str, &str)]| -> Vec<String> {
        theme.iter().map(|(name, _)| (*name).to_owned()).collect()
    };
    assert_eq!(names(&light), names(&dark));
    for (name, _) in &light {
        assert!(
            page.contains(&format!("var({name})")) || name.starts_with("--peer"),
            "{name}"
        );
    }
}

#[test]
fn texts_can_be_read_in_both_themes() {
    let page = page(&record(0, Vec::new()), &[], None);
    for theme in THEMES {
        let colours = colours(&page, theme);
        let colour = |name: &str| {
            let found = colours.iter().find(|(other, _)| *other == name);
            found.expect("the colour is there").1
        };
        let peers = (0..8).map(|peer| format!("--peer-{peer}"));
        let names = ["--ink", "--soft", "--ahead", "--behind"].map(str::to_owned);
        for name in names.into_iter().chain(peers) {
            let contrast = contrast(colour(&name), colour("--ground"));
            assert!(contrast >= 4.5, "{name} in {theme}: {contrast:.1}");
        }
        for ground in ["--better", "--doubtful", "--warning"] {
            let text = if ground == "--warning" {
                "--ink"
            } else {
                "--soft"
            };
            let contrast = contrast(colour(text), colour(ground));
            assert!(
                contrast >= 4.5,
                "{text} on {ground} in {theme}: {contrast:.1}"
            );
        }
    }
}
