//! Words of a text as they are searched for, in any script.
//!
//! Words are compared without case and accents. Scripts that put no spaces between words are taken
//! character by character and pair by pair: whatever contains a run has all its pairs.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The longest word, in characters: what is longer is cut.
const WORD_MAX: usize = 64;

/// A text so that what is searched for alike is alike.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let bare = text.nfkd().filter(|char| !is_accent(*char));
    let lower = bare.flat_map(char::to_lowercase);
    lower.filter(|char| !is_accent(*char)).nfc().collect()
}

/// Marks that letters of European scripts and Hebrew and Arabic points carry. The marks of other
/// scripts are vowels.
fn is_accent(char: char) -> bool {
    matches!(char, '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5bd}' | '\u{64b}'..='\u{65f}')
}

/// Says whether a character is of a script without spaces between words: Thai, Lao, Myanmar, Khmer,
/// kana, Han, and Hangul, where particles are joined to words.
fn is_spaceless(char: char) -> bool {
    matches!(char,
        '\u{e00}'..='\u{eff}'
        | '\u{1000}'..='\u{109f}'
        | '\u{1100}'..='\u{11ff}'
        | '\u{1780}'..='\u{17ff}'
        | '\u{3041}'..='\u{30ff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7ff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{323af}')
}

/// Calls with each word of a text, until told that it is enough; says whether it never was.
pub(crate) fn each_word(text: &str, mut call: impl FnMut(&str) -> bool) -> bool {
    let folded = fold(text);
    let is_part = |char: char| char.is_alphanumeric() || is_combining_mark(char);
    for run in folded.split(|char| !is_part(char)) {
        if !run.is_empty() && !each_of_run(run, &mut call) {
            return false;
        }
    }
    true
}

/// A run of letters may be of several scripts, side by side.
fn each_of_run(run: &str, call: &mut impl FnMut(&str) -> bool) -> bool {
    if run.is_ascii() {
        return call(run.get(..WORD_MAX).unwrap_or(run));
    }
    let mut rest = run;
    while let Some(first) = rest.chars().next() {
        let spaceless = is_spaceless(first);
        let end = rest.find(|char| is_spaceless(char) != spaceless);
        let (piece, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after;
        let goes_on = match spaceless {
            true => each_pair(piece, call),
            false => {
                let end = piece.char_indices().nth(WORD_MAX).map(|(at, _)| at);
                call(piece.get(..end.unwrap_or(piece.len())).unwrap_or(piece))
            }
        };
        if !goes_on {
            return false;
        }
    }
    true
}

fn each_pair(piece: &str, call: &mut impl FnMut(&str) -> bool) -> bool {
    let starts: Vec<usize> = piece.char_indices().map(|(at, _)| at).collect();
    let end = |number: usize| starts.get(number).copied().unwrap_or(piece.len());
    starts.iter().enumerate().all(|(number, start)| {
        let one = piece.get(*start..end(number + 1)).unwrap_or_default();
        let two = piece.get(*start..end(number + 2)).unwrap_or_default();
        call(one) && (two.len() == one.len() || call(two))
    })
}
