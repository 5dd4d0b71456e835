//! The check on tables and pages made up in a temporary folder.

use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

const TABLE: &str = "\
id\trust\twhy
ably/Message\tably::Message\t
ably/Message.name\tably::Message::name\t
ably/MessageAction=meta\tably::MessageAction::META\tan open number
ably/Push.activate\tlater\tit
ably/Channel.history\tably::prelude::History::history\t
ably/DeviceDetails.id\tably::plugins::push::DeviceDetails::id\t
ably/ClientOptions.closeOnUnload\tn/a\tabout pages
modular/MsgPack\tably::plugins::msgpack\t
";
const INDEX: &str = "\
id\tmodule\towner
ably/Message\ta\tb
ably/Message.name\ta\tb
ably/MessageAction=meta\ta\tb
ably/Push.activate\ta\tb
ably/Channel.history\ta\tb
ably/DeviceDetails.id\ta\tb
ably/ClientOptions.closeOnUnload\ta\tb
modular/MsgPack\ta\tb
";
const PAGES: [(&str, &str); 10] = [
    (
        "ably/all.html",
        "<link href=\"../static.files/a.css\"><a href=\"struct.Message.html\">Message</a>\
         <a href=\"struct.MessageAction.html\">MessageAction</a>\
         <a href=\"plugins/fn.default_plugins.html\">plugins::default_plugins</a>\
         <a href=\"prelude/trait.History.html\">prelude::History</a>",
    ),
    ("ably/index.html", "<h2 id=\"structs\">"),
    (
        "ably/plugins/index.html",
        "<dl><dt id=\"reexport.msgpack\"><code>pub use <a href=\"../../ably_msgpack/index.html\">\
         ably_msgpack</a> as msgpack;</code></dt><dt id=\"reexport.push\"><code>pub use ably_push \
         as push;</code></dt></dl>",
    ),
    ("ably/prelude/index.html", ""),
    (
        "ably/struct.Message.html",
        "<span id=\"structfield.name\"><section id=\"method.new\">\
         <h2 id=\"blanket-implementations\"><section id=\"method.borrow\">",
    ),
    (
        "ably/struct.MessageAction.html",
        "<section id=\"associatedconstant.META\">",
    ),
    ("ably/struct.Removed.html", "<section id=\"method.new\">"),
    (
        "ably/prelude/trait.History.html",
        "<section id=\"tymethod.history\">",
    ),
    (
        "ably_push/all.html",
        "<a href=\"struct.DeviceDetails.html\">DeviceDetails</a>",
    ),
    (
        "ably_push/struct.DeviceDetails.html",
        "<span id=\"structfield.id\">",
    ),
];

/// A project in a folder of its own, removed at the end.
struct Project(PathBuf);

impl Project {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("ably-parity-{}-{number}", std::process::id());
        let project = Self(std::env::temp_dir().join(name));
        project.put("main/docs/api-parity.tsv", TABLE);
        project.put("shared/api/ably-js-2.12.0-api.tsv", INDEX);
        for (page, text) in PAGES {
            project.put(&format!("main/target/doc/{page}"), text);
        }
        project.put(
            "main/target/doc/ably_msgpack/all.html",
            "<a href=\"struct.MsgPack.html\">MsgPack</a>",
        );
        project.put("main/target/doc/ably_push/index.html", "");
        project
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn table(&self, text: &str) -> Result<String> {
        self.put("main/docs/api-parity.tsv", text);
        self.check()
    }

    fn check(&self) -> Result<String> {
        let root = self.0.join("main");
        check(&Places::of(&root, &root.join("target")))
    }

    /// What is wrong when the path of `Message.name` is this one.
    fn path(&self, path: &str) -> String {
        let problem = self
            .table(&TABLE.replace("ably::Message::name", path))
            .unwrap_err();
        assert!(problem.starts_with("1 problem\n"), "{problem}");
        problem
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn counts_of_a_good_table() {
    let project = Project::new();
    assert_eq!(
        project.check().unwrap(),
        "8 members: 6 mapped, 1 later, 1 n/a"
    );
    std::fs::remove_dir_all(project.0.join("shared")).unwrap();
    assert!(project.check().unwrap().contains("no table of ably-js"));
}

#[test]
fn paths_that_do_not_exist() {
    let project = Project::new();
    for (path, why) in [
        ("ably::Massage", "no item `Massage`"),
        ("ably::Message::nom", "no member `nom`"),
        // The page is left over from what is gone.
        ("ably::Removed::new", "no item `Removed`"),
        // Every type has it.
        ("ably::Message::borrow", "no member `borrow`"),
        ("ably::Message::name::more", "`more` is one name too many"),
        ("ably::plugins::pull::X", "no item `pull`"),
        ("ably::plugins::push::X", "no item `X`"),
        ("ably::History::history", "no item `History`"),
        ("unknown::X", "unknown/all.html"),
        ("", "/all.html"),
    ] {
        let problem = project.path(path);
        assert!(problem.contains(why), "{path}: {problem}");
        assert!(problem.contains("ably/Message.name: "), "{problem}");
    }
}

#[test]
fn forms_of_bad_lines() {
    let project = Project::new();
    for (from, to, why) in [
        ("id\trust\twhy", "id\trust", "the first line"),
        ("later\tit\n", "later\n", "not three columns"),
        ("later\tit\n", "later\ta\tb\n", "not three columns"),
        ("later\tit\n", "later\t\n", "ably/Push.activate: later, and"),
        ("later\t", "Later\t", "ably/Push.activate: Later: "),
        ("n/a\tabout pages", "n/a\t", "n/a without a reason"),
    ] {
        let problem = project.table(&TABLE.replace(from, to)).unwrap_err();
        assert!(problem.contains(why), "{to}: {problem}");
    }
}

#[test]
fn ids_that_are_twice_missing_or_unknown() {
    let project = Project::new();
    let twice = format!("{TABLE}ably/Message\tably::Message\t\n");
    let problem = project.table(&twice).unwrap_err();
    assert!(problem.contains("ably/Message: there twice"), "{problem}");
    let problem = project
        .table(&TABLE.replace("ably/Push.activate", "ably/Push.active"))
        .unwrap_err();
    assert!(
        problem.contains("ably/Push.activate: not in the table"),
        "{problem}"
    );
    assert!(
        problem.contains("ably/Push.active: ably-js has no"),
        "{problem}"
    );
}

#[test]
fn too_many_without_a_counterpart() {
    let project = Project::new();
    let (mut table, mut index) = (TABLE.to_owned(), INDEX.to_owned());
    for number in 1..MOST_WITHOUT {
        table.push_str(&format!("x/{number}\tn/a\twhy\n"));
        index.push_str(&format!("x/{number}\n"));
    }
    project.put("shared/api/ably-js-2.12.0-api.tsv", &index);
    assert!(project.table(&table).unwrap().contains("60 n/a"));
    table.push_str("x/61\tn/a\twhy\n");
    project.put(
        "shared/api/ably-js-2.12.0-api.tsv",
        &format!("{index}x/61\n"),
    );
    let problem = project.table(&table).unwrap_err();
    assert!(problem.contains("61 members are n/a"), "{problem}");
}

#[test]
fn no_documentation_and_no_table_are_failures() {
    let project = Project::new();
    std::fs::remove_dir_all(project.0.join("main/target/doc/ably_push")).unwrap();
    let problem = project.check().unwrap_err();
    assert!(problem.contains("ably_push/all.html"), "{problem}");
    let module = TABLE.replace("push::DeviceDetails::id", "push");
    assert!(project.table(&module).is_err());
    std::fs::remove_dir_all(project.0.join("main/target")).unwrap();
    assert!(project.check().unwrap_err().contains("ably/all.html"));
    std::fs::remove_dir_all(project.0.join("main")).unwrap();
    assert!(project.check().unwrap_err().contains("api-parity.tsv"));
}
