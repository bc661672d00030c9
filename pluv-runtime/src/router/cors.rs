//! Calls from other sites, which a browser asks about.

/// How long a browser may remember a preflight's answer, in seconds. The lowest of the browsers' own upper bounds for
/// it is 2 hours (Chromium); 10 minutes let a change of the list be seen soon.
const MAX_AGE: &str = "600";

/// The headers that let `origin` read an answer of the token endpoint, where `allowed` names it or is `*`.
///
/// A listed origin may send its cookies; under `*` nobody's are read.
pub(crate) fn cors_headers(
    allowed: &[&str],
    origin: Option<&str>,
    preflight: bool,
    asked_headers: Option<&str>,
) -> Vec<(&'static str, String)> {
    let mut headers = Vec::new();
    if allowed.is_empty() {
        return headers;
    }
    let any = allowed.contains(&"*");
    if !any {
        // The answer differs by origin, also for one that gets nothing: a cache must know.
        headers.push(("Vary", "Origin".to_owned()));
    }
    let Some(origin) = origin.filter(|origin| any || allowed.contains(origin)) else {
        return headers;
    };
    if any {
        headers.push(("Access-Control-Allow-Origin", "*".to_owned()));
    } else {
        headers.push(("Access-Control-Allow-Origin", origin.to_owned()));
        headers.push(("Access-Control-Allow-Credentials", "true".to_owned()));
    }
    if preflight {
        headers.push(("Access-Control-Allow-Methods", "GET".to_owned()));
        headers.push(("Access-Control-Max-Age", MAX_AGE.to_owned()));
        if let Some(asked) = asked_headers {
            headers.push(("Access-Control-Allow-Headers", asked.to_owned()));
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::cors_headers;

    const APP: &str = "https://app.example";

    fn header(headers: &[(&'static str, String)], name: &str) -> Option<String> {
        headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    }

    #[test]
    fn nobody_is_allowed_unless_asked_for() {
        assert_eq!(cors_headers(&[], Some(APP), true, None), []);
    }

    #[test]
    fn a_listed_origin_is_allowed_with_its_cookies() {
        let headers = cors_headers(&["https://other.example", APP], Some(APP), false, None);
        assert_eq!(header(&headers, "Access-Control-Allow-Origin").as_deref(), Some(APP));
        assert_eq!(header(&headers, "Access-Control-Allow-Credentials").as_deref(), Some("true"));
        assert_eq!(header(&headers, "Vary").as_deref(), Some("Origin"));
        assert_eq!(header(&headers, "Access-Control-Allow-Methods"), None);
    }

    #[test]
    fn another_origin_gets_nothing_but_what_a_cache_must_know() {
        for origin in [Some("https://evil.example"), Some("null"), Some("https://app.example.evil"), None] {
            assert_eq!(cors_headers(&[APP], origin, true, None), [("Vary", "Origin".to_owned())]);
        }
    }

    #[test]
    fn any_origin_is_allowed_without_cookies() {
        let headers = cors_headers(&["*"], Some("https://some.example"), false, None);
        assert_eq!(headers, [("Access-Control-Allow-Origin", "*".to_owned())]);
    }

    #[test]
    fn a_preflight_is_told_the_methods_and_the_headers_that_it_asked_for() {
        let headers = cors_headers(&[APP], Some(APP), true, Some("authorization, x-id"));
        assert_eq!(header(&headers, "Access-Control-Allow-Methods").as_deref(), Some("GET"));
        assert_eq!(header(&headers, "Access-Control-Allow-Headers").as_deref(), Some("authorization, x-id"));
        assert_eq!(header(&headers, "Access-Control-Max-Age").as_deref(), Some("600"));
    }
}
