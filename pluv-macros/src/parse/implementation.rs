//! The impl with a room's handlers. The bodies of its methods stay tokens, so that a syntax error in one is reported by rustc
//! only.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Generics, ImplItem, ImplItemConst, ImplItemMacro, ImplItemType, Path, Signature, Token, Type,
    Visibility, braced,
    parse::{ParseStream, discouraged::Speculative as _},
    token::Brace,
};

use super::markers::reject_markers;
use crate::errors::Errors;

/// An inherent impl; of a trait impl, which rustc reports too, the trait is kept.
pub(crate) struct Implementation {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) unsafety: Option<Token![unsafe]>,
    pub(crate) token: Token![impl],
    pub(crate) generics: Generics,
    /// The trait of a trait impl, which is an error.
    pub(crate) of_trait: Option<(Path, Token![for])>,
    pub(crate) self_ty: Type,
    pub(crate) brace: Brace,
    pub(crate) items: Vec<AssociatedItem>,
}

/// An item of an impl.
pub(crate) enum AssociatedItem {
    /// A function or method.
    Method(Box<Method>),
    /// Another item, which is passed through.
    Other(TokenStream),
}

/// A function or method.
pub(crate) struct Method {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: TokenTree,
    /// Whether it is a handler, whose signature is not the user's choice.
    pub(crate) is_handler: bool,
}

pub(super) fn parse(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Implementation> {
    let mut attributes = Attribute::parse_outer(input)?;
    input.parse::<Visibility>()?;
    let unsafety = input.parse()?;
    let token = input.parse()?;
    let mut generics: Generics = if input.peek(Token![<]) { input.parse()? } else { Generics::default() };
    let first: Type = input.parse()?;
    let (of_trait, self_ty) = match (input.parse::<Option<Token![for]>>()?, first) {
        (Some(token), Type::Path(path)) => (Some((path.path, token)), input.parse()?),
        (Some(token), _) => return Err(syn::Error::new(token.span, "a trait is expected before `for`")),
        (None, ty) => (None, ty),
    };
    generics.where_clause = input.parse()?;
    let content;
    let brace = braced!(content in input);
    attributes.extend(Attribute::parse_inner(&content)?);
    let mut items = Vec::new();
    while !content.is_empty() {
        match item(&content, errors) {
            Ok(item) => items.push(item),
            Err(error) => {
                errors.push(error);
                skip(&content)?;
            }
        }
    }
    Ok(Implementation { attributes, unsafety, token, generics, of_trait, self_ty, brace, items })
}

fn item(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<AssociatedItem> {
    let ahead = input.fork();
    let attributes = ahead.call(Attribute::parse_outer)?;
    let visibility = ahead.parse()?;
    let Ok(signature) = ahead.parse::<Signature>() else {
        let mut item = input.parse()?;
        if let ImplItem::Const(ImplItemConst { attrs, .. })
        | ImplItem::Type(ImplItemType { attrs, .. })
        | ImplItem::Macro(ImplItemMacro { attrs, .. }) = &mut item
        {
            reject_markers(attrs, errors);
        }
        return Ok(AssociatedItem::Other(item.into_token_stream()));
    };
    if !ahead.peek(Brace) {
        return Err(ahead.error("a body in braces is expected here"));
    }
    let body = ahead.parse()?;
    input.advance_to(&ahead);
    Ok(AssociatedItem::Method(Box::new(Method { attributes, visibility, signature, body, is_handler: false })))
}

/// Skips an item with a syntax error: up to the next braces or semicolon.
fn skip(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() {
        match input.parse::<TokenTree>()? {
            TokenTree::Group(group) if group.delimiter() == proc_macro2::Delimiter::Brace => break,
            TokenTree::Punct(punct) if punct.as_char() == ';' => break,
            _ => {}
        }
    }
    Ok(())
}

impl Implementation {
    /// Returns the impl with other generics.
    pub(crate) fn with(&self, generics: &Generics) -> TokenStream {
        let mut tokens = TokenStream::new();
        let Self { attributes, unsafety, token, of_trait, self_ty, brace, items, .. } = self;
        let (parameters, _, clause) = generics.split_for_impl();
        let of_trait = of_trait.as_ref().map(|(path, token)| quote!(#path #token));
        // Inner attributes become outer ones, which mean the same.
        let attributes =
            attributes.iter().cloned().map(|attribute| Attribute { style: syn::AttrStyle::Outer, ..attribute });
        tokens.extend(quote!(#(#attributes)* #unsafety #token #parameters #of_trait #self_ty #clause));
        brace.surround(&mut tokens, |tokens| {
            for item in items {
                match item {
                    AssociatedItem::Method(method) => method.to_tokens(tokens),
                    AssociatedItem::Other(other) => other.to_tokens(tokens),
                }
            }
        });
        tokens
    }
}

impl ToTokens for Method {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { attributes, visibility, signature, body, is_handler } = self;
        let shape = is_handler.then(|| {
            quote! {
                #[allow(
                    clippy::needless_pass_by_value,
                    clippy::unnecessary_wraps,
                    clippy::unused_async,
                    clippy::unused_self
                )]
            }
        });
        tokens.extend(quote!(#(#attributes)* #shape #visibility #signature #body));
    }
}
