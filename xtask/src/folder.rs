//! Output folders, which are made anew without deleting anybody else's.

use anyhow::{Context, Result, ensure};
use oci_spec::image::{ANNOTATION_REF_NAME, ImageIndex};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The annotation in the `index.json` of a layout that xtask made.
const MADE_BY: (&str, &str) = ("geo.made-by", "xtask");

/// The name of what is in a layout, up to the tag. Engines take it as the name
/// of something that is here and in no registry.
const NAME: &str = "localhost/geo";
/// The annotation that containerd and Docker take the whole name from.
const WHOLE_NAME: &str = "io.containerd.image.name";

/// An OCI image layout that is being made, beside the folder that it is for.
pub struct NewLayout {
    at: PathBuf,
    new: TempDir,
}

impl NewLayout {
    /// Begins a layout for the folder `at`.
    ///
    /// # Errors
    ///
    /// If something is there that xtask did not make, or the file system
    /// refuses.
    pub fn begin(at: &Path) -> Result<Self> {
        ensure!(
            is_free(at)? || is_ours(at),
            "{} was not made by xtask: choose another folder, or delete it yourself",
            at.display()
        );
        // Beside it, so that it can be renamed.
        let parent = match at.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        std::fs::create_dir_all(parent).with_context(|| parent.display().to_string())?;
        Ok(Self {
            at: at.to_owned(),
            new: TempDir::new_in(parent).with_context(|| parent.display().to_string())?,
        })
    }

    /// The folder to write into. It exists, and is empty.
    pub fn folder(&self) -> &Path {
        self.new.path()
    }

    /// Puts the layout in its place, and names with a tag what is in it. Its
    /// `index.json` has to be written.
    ///
    /// # Errors
    ///
    /// If the file system refuses.
    pub fn finish(self, tag: &str) -> Result<()> {
        let path = self.folder().join("index.json");
        let mut index = ImageIndex::from_file(&path)?;
        let (name, value) = MADE_BY;
        let mut annotations = index.annotations().clone().unwrap_or_default();
        annotations.insert(name.to_owned(), value.to_owned());
        index.set_annotations(Some(annotations));
        let mut manifests = index.manifests().clone();
        for manifest in &mut manifests {
            let names = [
                (ANNOTATION_REF_NAME, tag.to_owned()),
                (WHOLE_NAME, format!("{NAME}:{tag}")),
            ];
            let names = names.map(|(name, value)| (name.to_owned(), value));
            manifest.set_annotations(Some(names.into()));
        }
        index.set_manifests(manifests);
        index.to_file(&path)?;

        if is_ours(&self.at) {
            std::fs::remove_dir_all(&self.at)?;
        }
        let new = self.new.keep();
        // Temporary folders are private, this one no longer is one.
        make_public(&new)?;
        std::fs::rename(new, &self.at).with_context(|| self.at.display().to_string())
    }
}

/// Whether nothing is there, or an empty folder, which a rename replaces.
fn is_free(folder: &Path) -> Result<bool> {
    if !folder.try_exists()? {
        return Ok(true);
    }
    Ok(folder.is_dir() && folder.read_dir()?.next().is_none())
}

fn is_ours(folder: &Path) -> bool {
    let index = ImageIndex::from_file(folder.join("index.json"));
    let annotations = index.ok().and_then(|index| index.annotations().clone());
    let (name, value) = MADE_BY;
    annotations.is_some_and(|all: HashMap<_, _>| all.get(name).is_some_and(|by| by == value))
}

#[cfg(unix)]
fn make_public(folder: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    Ok(std::fs::set_permissions(
        folder,
        PermissionsExt::from_mode(0o755),
    )?)
}

#[cfg(not(unix))]
fn make_public(_: &Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn make(at: &Path, blob: &str) -> Result<()> {
        let layout = NewLayout::begin(at)?;
        let index = r#"{"schemaVersion":2,"manifests":[]}"#;
        std::fs::write(layout.folder().join("index.json"), index)?;
        std::fs::write(layout.folder().join("blob"), blob)?;
        layout.finish("elbonia")
    }

    #[test]
    fn a_layout_of_its_own_is_made_anew() {
        let parent = TempDir::new().unwrap();
        let at = parent.path().join("dist/layout");
        for blob in ["first", "second"] {
            make(&at, blob).unwrap();
            assert_eq!(std::fs::read_to_string(at.join("blob")).unwrap(), blob);
            // Nothing is left beside it.
            assert_eq!(at.parent().unwrap().read_dir().unwrap().count(), 1);
        }
    }

    #[test]
    fn an_empty_folder_is_taken() {
        let parent = TempDir::new().unwrap();
        let at = parent.path().join("layout");
        std::fs::create_dir(&at).unwrap();
        make(&at, "").unwrap();
        assert!(at.join("blob").exists());
    }

    #[test]
    fn what_others_made_stays() {
        let parent = TempDir::new().unwrap();
        let folder = parent.path().join("photographs");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("elbonia.jpeg"), "mud").unwrap();
        // Another tool's layout, and a file.
        let layout = parent.path().join("layout");
        std::fs::create_dir(&layout).unwrap();
        let index = r#"{"schemaVersion":2,"manifests":[]}"#;
        std::fs::write(layout.join("index.json"), index).unwrap();
        for at in [&folder, &layout, &folder.join("elbonia.jpeg")] {
            let error = make(at, "").unwrap_err().to_string();
            assert!(error.contains("was not made by xtask"), "{error}");
        }
        assert_eq!(
            std::fs::read_to_string(folder.join("elbonia.jpeg")).unwrap(),
            "mud"
        );
        assert!(!layout.join("blob").exists());
        assert_eq!(parent.path().read_dir().unwrap().count(), 2);
    }
}
