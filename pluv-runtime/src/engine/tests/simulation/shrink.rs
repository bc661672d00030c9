//! Finds what of a list of steps it takes to fail.

/// The shortest list that was found within so many tries, which still fails. `steps` does.
pub(super) fn shrink<T: Clone>(steps: &[T], tries: u32, mut fails: impl FnMut(&[T]) -> bool) -> Vec<T> {
    let mut steps = steps.to_vec();
    let mut tries = tries;
    let mut length = steps.len().div_ceil(2);
    while length > 0 && tries > 0 {
        let mut is_shorter = false;
        // From the end: what comes after the failure goes at once.
        let mut end = steps.len();
        while end > 0 && tries > 0 {
            let start = end.saturating_sub(length);
            let rest = [&steps[..start], &steps[end..]].concat();
            tries -= 1;
            if fails(&rest) {
                steps = rest;
                is_shorter = true;
            }
            end = start;
        }
        // As long as single steps go, others may after them.
        if length > 1 || !is_shorter {
            length /= 2;
        }
    }
    steps
}

#[test]
fn what_does_not_matter_is_taken_out() {
    let steps: Vec<u32> = (0..300).collect();
    let fails = |steps: &[u32]| [17, 18, 250].iter().all(|step| steps.contains(step));
    assert_eq!(shrink(&steps, 10_000, fails), [17, 18, 250]);
    assert!(shrink(&steps, 5, fails).len() < 300);
    // One of which matters only together with another.
    let fails = |steps: &[u32]| steps.contains(&3) && (steps.contains(&5) || !steps.contains(&4));
    assert_eq!(shrink(&steps, 10_000, fails), [3]);
}
