use serde_json::{Value, json};

use super::{outcomes, with};

fn subscription(changes: &Value) -> Value {
    with(json!({"subscription": changes}))
}

#[test]
fn bad_topics_and_partitions() {
    let topics = ["orders-[a-z]*", "my\ttopic", ".", "ordérs"];
    let long = "x".repeat(250);
    let lists = topics.into_iter().chain([long.as_str()]);
    insta::assert_snapshot!(
        outcomes(lists.map(|topic| subscription(&json!({"subscription_type": "topics", "topics": [topic]})))), @r"
    `subscription.topics` entry `orders-[a-z]*` has the character `[`; names of topics have letters, digits, `.`, `_` and `-` only (for a regular expression, choose the subscription type `subscribe`)
    `subscription.topics` entry `my�topic` has the character `\t`; names of topics have letters, digits, `.`, `_` and `-` only (for a regular expression, choose the subscription type `subscribe`)
    `subscription.topics` entry `.` cannot be the name of a topic
    `subscription.topics` entry `ordérs` has the character `é`; names of topics have letters, digits, `.`, `_` and `-` only (for a regular expression, choose the subscription type `subscribe`)
    `subscription.topics` entry `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…` is longer than the 249 characters that names of topics can have
    ");
    insta::assert_snapshot!(
        outcomes([subscription(&json!({"subscription_type": "topics", "topics": ["a"], "exclude": ["(b)"]}))]), @"`subscription.exclude` entry `(b)` has the character `(`; names of topics have letters, digits, `.`, `_` and `-` only (for a regular expression, choose the subscription type `subscribe`)");
    let partitions =
        ["orders", "orders:", "orders:x", "orders:-1", "orders:2147483648", ":0", "a:0,b:0,a: 0", "a:b:0", "a*:0"];
    let config = |list| subscription(&json!({"subscription_type": "assign", "topic_partitions": list}));
    insta::assert_snapshot!(outcomes(partitions.map(config)), @r"
    `subscription.topic_partitions` entry `orders` has no partition; write `topic:partition`
    `subscription.topic_partitions` entry `orders:` has no partition number after its last colon; write `topic:0`
    `subscription.topic_partitions` entry `orders:x` has no partition number after its last colon; write `topic:0`
    `subscription.topic_partitions` entry `orders:-1` has no partition number after its last colon; write `topic:0`
    `subscription.topic_partitions` entry `orders:2147483648` has no partition number after its last colon; write `topic:0`
    `subscription.topic_partitions` entry `:0` has no topic; write `topic:partition`
    `subscription.topic_partitions` entry `a: 0` stands twice in the list; remove one
    `subscription.topic_partitions` entry `a:b:0` has the character `:`; names of topics have letters, digits, `.`, `_` and `-` only (for a regular expression, choose the subscription type `subscribe`)
    `subscription.topic_partitions` entry `a*:0` has the character `*`; names of topics have letters, digits, `.`, `_` and `-` only (for a regular expression, choose the subscription type `subscribe`)
    ");
}

#[test]
fn bad_patterns() {
    let patterns = [
        "orders(?=-eu)",
        "(?!test).*",
        "a(?<=b)",
        "x(?<!y)",
        "(?>a|b)",
        "a*+",
        "[+*]++",
        "a{2}+",
        "é\\Qa.b\\E",
        "(a)\\1",
        "(?<n>a)\\k<n>",
        "*",
        "a)|(b",
        "(a",
        "[a",
        "a{2,1}",
        "\\y",
        "(?z)a",
        "\\p{Foo}",
        "(((((a{100}){100}){100}){100}){100})",
    ];
    let config = |pattern| subscription(&json!({"subscription_type": "subscribe", "topic_pattern": pattern}));
    insta::assert_snapshot!(outcomes(patterns.map(config)), @r"
    `subscription.topic_pattern` `orders(?=-eu)` uses a look-ahead (`(?=`) at position 7, which is not supported; choose the subscription type `topics` and list what to leave out under `exclude`
    `subscription.topic_pattern` `(?!test).*` uses a negative look-ahead (`(?!`) at position 1, which is not supported; choose the subscription type `topics` and list what to leave out under `exclude`
    `subscription.topic_pattern` `a(?<=b)` uses a look-behind (`(?<=`) at position 2, which is not supported; choose the subscription type `topics` and list what to leave out under `exclude`
    `subscription.topic_pattern` `x(?<!y)` uses a negative look-behind (`(?<!`) at position 2, which is not supported; choose the subscription type `topics` and list what to leave out under `exclude`
    `subscription.topic_pattern` `(?>a|b)` uses an atomic group (`(?>`) at position 1, which is not supported; choose the subscription type `topics` and list what to leave out under `exclude`
    `subscription.topic_pattern` `a*+` uses a possessive quantifier (`+`) at position 3, which is not supported; remove this `+`
    `subscription.topic_pattern` `[+*]++` uses a possessive quantifier (`+`) at position 6, which is not supported; remove this `+`
    `subscription.topic_pattern` `a{2}+` uses a possessive quantifier (`+`) at position 5, which is not supported; remove this `+`
    `subscription.topic_pattern` `é\Qa.b\E` uses quotation (`\Q`) at position 2, which is not supported; write a backslash before each special character
    `subscription.topic_pattern` `(a)\1` uses a back-reference (`\1`) at position 4, which is not supported; write the repeated text out
    `subscription.topic_pattern` `(?<n>a)\k<n>` uses a back-reference (`\k`) at position 8, which is not supported; write the repeated text out
    `subscription.topic_pattern` `*` is not a regular expression: there is nothing to repeat (any text is `.*`) at position 1
    `subscription.topic_pattern` `a)|(b` is not a regular expression: unopened group at position 2
    `subscription.topic_pattern` `(a` is not a regular expression: unclosed group at position 1
    `subscription.topic_pattern` `[a` is not a regular expression: unclosed character class at position 1
    `subscription.topic_pattern` `a{2,1}` is not a regular expression: invalid repetition count range, the start must be <= the end at position 2
    `subscription.topic_pattern` `\y` is not a regular expression: unrecognized escape sequence at position 1
    `subscription.topic_pattern` `(?z)a` is not a regular expression: unrecognized flag at position 3
    `subscription.topic_pattern` `\p{Foo}` is not a regular expression: Unicode property not found at position 1
    `subscription.topic_pattern` `(((((a{100}){100}){100}){100}){100})` is too large; shorten it or its repetition counts
    ");
}
