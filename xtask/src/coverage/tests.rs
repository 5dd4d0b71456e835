//! The check on projects made up in a temporary folder.

use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

const MAIN: &str = "//! Tests.\nmod auth;\n";
const AUTH: &str = "\
//! Auth.

// UTS: rest/unit/RSA1/a-0
// UTS: rest/unit/RSA1/b-0
#[test]
fn rsa1_a() {}

/// Documented.
// UTS: rest/unit/RSA2/c-0
#[tokio::test]
// DEVIATION: RSA2 - why
async fn rsa2_c() {}

fn helper() {}
";
const TABLE: &str = "\
id\ttest
rest/unit/RSA1/a-0\tauth.rs::rsa1_a
rest/unit/RSA1/b-0\tauth.rs::rsa1_a
rest/unit/RSA2/c-0\tauth.rs::rsa2_c
rest/unit/RSA3/d-0\tlater
";
const INDEX: &str = "\
id\tfile\ttier\ttitle\tspec_points\tapplies\twhy
rest/unit/RSA1/a-0\tf\tt\tt\tp\t2.12\tw
rest/unit/RSA1/b-0\tf\tt\tt\tp\t2.12\tw
rest/unit/RSA2/c-0\tf\tt\tt\tp\t2.12\tw
rest/unit/RSA3/d-0\tf\tt\tt\tp\t2.12\tw
rest/unit/RSA9/z-0\tf\tt\tt\tp\tlater\tw
";

/// A project in a folder of its own, removed at the end.
struct Project(PathBuf);

impl Project {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("ably-coverage-{}-{number}", std::process::id());
        let project = Self(std::env::temp_dir().join(name));
        project.put("main/tests/uts/main.rs", MAIN);
        project.put("main/tests/uts/auth.rs", AUTH);
        project.put("main/tests/uts/coverage.tsv", TABLE);
        project.put("shared/uts/index.tsv", INDEX);
        project
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn places(&self) -> Places {
        Places::of(&self.0.join("main"))
    }

    /// The complaints after the test file was changed.
    fn complaints(&self, from: &str, to: &str) -> String {
        assert!(AUTH.contains(from));
        self.put("main/tests/uts/auth.rs", &AUTH.replace(from, to));
        check(&self.places()).unwrap_err()
    }

    /// The complaints after the table was changed.
    fn table_complaints(&self, from: &str, to: &str) -> String {
        assert!(TABLE.contains(from));
        self.put("main/tests/uts/coverage.tsv", &TABLE.replace(from, to));
        check(&self.places()).unwrap_err()
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_right_table_passes_with_and_without_the_index() {
    let project = Project::new();
    assert_eq!(
        check(&project.places()),
        Ok("3 of 4 cases have a test".into())
    );
    std::fs::remove_dir_all(project.0.join("shared")).unwrap();
    let note = check(&project.places()).unwrap();
    assert!(note.ends_with("no index beside the project"), "{note}");
}

#[test]
fn writing_makes_the_table_that_passes() {
    let project = Project::new();
    project.put("main/tests/uts/coverage.tsv", "");
    write(&project.places()).unwrap();
    let table = std::fs::read_to_string(project.places().table).unwrap();
    assert_eq!(table, TABLE);
    std::fs::remove_dir_all(project.0.join("shared")).unwrap();
    assert!(write(&project.places()).unwrap_err().contains("is needed"));
}

#[test]
fn a_listed_test_must_exist_and_claim_its_id() {
    let project = Project::new();
    let text = project.complaints("fn rsa1_a", "fn rsa1_other");
    assert!(
        text.contains("the table says auth.rs::rsa1_a, it is auth.rs::rsa1_other"),
        "{text}"
    );
    let text = project.complaints("// UTS: rest/unit/RSA2/c-0\n", "");
    assert!(
        text.contains("auth.rs::rsa2_c has no `// UTS: rest/unit/RSA2/c-0`"),
        "{text}"
    );
}

#[test]
fn a_listed_test_must_run() {
    let project = Project::new();
    let text = project.complaints("#[test]\n", "#[test]\n#[ignore = \"flaky\"]\n");
    assert!(text.contains("auth.rs:7: rsa1_a is ignored"), "{text}");
    let text = project.complaints("#[test]\n", "#[test]\n#[cfg_attr(unix, ignore)]\n");
    assert!(text.contains("rsa1_a is ignored"), "{text}");
    let text = project.complaints("#[test]\n", "");
    assert!(text.contains("rsa1_a is not a #[test]"), "{text}");
    let text = project.complaints("#[test]\n", "#[cfg(test)]\n");
    assert!(text.contains("rsa1_a is not a #[test]"), "{text}");
}

#[test]
fn a_file_with_tests_must_be_a_module() {
    let project = Project::new();
    project.put("main/tests/uts/main.rs", "//! Tests.\n// mod auth;\n");
    let text = check(&project.places()).unwrap_err();
    assert!(
        text.contains("auth.rs: no other file declares it"),
        "{text}"
    );

    // The other shapes that Rust knows: uts.rs beside the folder, and a folder with mod.rs.
    std::fs::remove_file(project.0.join("main/tests/uts/main.rs")).unwrap();
    project.put("main/tests/uts.rs", "mod auth;\nmod deep;\n");
    project.put("main/tests/uts/deep/mod.rs", "mod inner;\n");
    project.put(
        "main/tests/uts/deep/inner.rs",
        "// UTS: rest/unit/RSA3/d-0\n#[test]\nfn rsa3_d() {}\n",
    );
    let found = TABLE.replace("later", "deep/inner.rs::rsa3_d");
    project.put("main/tests/uts/coverage.tsv", &found);
    assert_eq!(
        check(&project.places()),
        Ok("4 of 4 cases have a test".into())
    );
    project.put("main/tests/uts.rs", "mod auth;\n");
    project.put("main/tests/uts/deep/mod.rs", "");
    let text = check(&project.places()).unwrap_err();
    assert!(
        text.contains("deep/inner.rs: no other file declares it"),
        "{text}"
    );
}

#[test]
fn a_claim_must_be_in_the_table() {
    let project = Project::new();
    let text = project.table_complaints("RSA2/c-0\tauth.rs::rsa2_c", "RSA2/c-0\tlater");
    assert!(
        text.contains("rest/unit/RSA2/c-0: auth.rs::rsa2_c is not in the table"),
        "{text}"
    );
    let text = project.complaints(
        "// UTS: rest/unit/RSA2/c-0",
        "// UTS: rest/unit/RSA2/made-up",
    );
    assert!(
        text.contains("made-up: auth.rs::rsa2_c is not in the table"),
        "{text}"
    );
}

#[test]
fn an_id_of_the_index_must_be_in_the_table() {
    let project = Project::new();
    let text = project.table_complaints("rest/unit/RSA3/d-0\tlater\n", "");
    assert_eq!(
        text,
        "1 problem\n  rest/unit/RSA3/d-0: in the index, not in the table"
    );
}

#[test]
fn an_id_must_not_be_there_twice() {
    let project = Project::new();
    let text = project.table_complaints("id\ttest\n", "id\ttest\nrest/unit/RSA3/d-0\tlater\n");
    assert!(text.contains("rest/unit/RSA3/d-0 is there twice"), "{text}");
    project.put("main/tests/uts/coverage.tsv", TABLE);
    let text = project.complaints("// UTS: rest/unit/RSA2/c-0", "// UTS: rest/unit/RSA1/a-0");
    assert!(
        text.contains("RSA1/a-0: claimed by auth.rs::rsa1_a and by auth.rs::rsa2_c"),
        "{text}"
    );
}

#[test]
fn a_claim_must_stand_above_a_function() {
    let project = Project::new();
    let text = project.complaints("fn helper() {}", "// UTS: x\nconst X: u8 = 0;");
    assert!(text.contains(": x is above no test"), "{text}");
    let text = project.complaints("fn helper() {}", "// UTS: x");
    assert!(text.contains("auth.rs: x is above no test"), "{text}");
}

#[test]
fn a_broken_table_is_an_error() {
    let project = Project::new();
    let text = project.table_complaints("id\ttest\n", "");
    assert!(text.contains("the first line"), "{text}");
    let text = project.table_complaints("RSA3/d-0\tlater", "RSA3/d-0 later");
    assert!(text.contains("not two columns"), "{text}");
    std::fs::remove_file(project.places().table).unwrap();
    assert!(
        check(&project.places())
            .unwrap_err()
            .contains("coverage.tsv")
    );
}
