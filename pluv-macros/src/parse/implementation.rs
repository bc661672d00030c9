//! The impl with a room's handlers, read in part: the bodies of its methods stay tokens, so that a typo in one costs
//! rustc's own error and no other.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Generics, ImplItem, ImplItemConst, ImplItemMacro, ImplItemType, Path, Signature, Token, Type,
    Visibility, braced,
    parse::{ParseStream, discouraged::Speculative as _},
    token::Brace,
};

use super::markers::refuse_markers;
use crate::errors::Errors;

/// An inherent impl, but for what can't stand there and was reported.
pub(crate) struct Implementation {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) unsafety: Option<Token![unsafe]>,
    pub(crate) token: Token![impl],
    pub(crate) generics: Generics,
    /// The trait, which a room's impl must not have.
    pub(crate) of_trait: Option<(Path, Token![for])>,
    pub(crate) self_ty: Type,
    pub(crate) brace: Brace,
    pub(crate) members: Vec<Member>,
}

/// One item of an impl.
pub(crate) enum Member {
    /// A function or method.
    Method(Box<Method>),
    /// Anything else, which is passed through.
    Other(TokenStream),
}

/// A function or method.
pub(crate) struct Method {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: TokenTree,
    /// Whether the room calls it, so that its shape is not the user's choice.
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
    let mut members = Vec::new();
    while !content.is_empty() {
        match member(&content, errors) {
            Ok(member) => members.push(member),
            Err(error) => {
                errors.push(error);
                skip(&content)?;
            }
        }
    }
    Ok(Implementation { attributes, unsafety, token, generics, of_trait, self_ty, brace, members })
}

fn member(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Member> {
    let ahead = input.fork();
    let attributes = ahead.call(Attribute::parse_outer)?;
    let visibility = ahead.parse()?;
    if !is_method(&ahead) {
        let mut item = input.parse()?;
        if let ImplItem::Const(ImplItemConst { attrs, .. })
        | ImplItem::Type(ImplItemType { attrs, .. })
        | ImplItem::Macro(ImplItemMacro { attrs, .. }) = &mut item
        {
            refuse_markers(attrs, errors);
        }
        return Ok(Member::Other(item.into_token_stream()));
    }
    let signature = ahead.parse()?;
    if !ahead.peek(Brace) {
        return Err(ahead.error("a body in braces is expected here"));
    }
    let body = ahead.parse()?;
    input.advance_to(&ahead);
    Ok(Member::Method(Box::new(Method { attributes, visibility, signature, body, is_handler: false })))
}

/// Whether a function follows, and not a constant, a type or a macro.
fn is_method(input: ParseStream<'_>) -> bool {
    input.peek(Token![fn])
        || input.peek(Token![async])
        || input.peek(Token![unsafe])
        || input.peek(Token![extern])
        || (input.peek(Token![const])
            && (input.peek2(Token![fn])
                || input.peek2(Token![async])
                || input.peek2(Token![unsafe])
                || input.peek2(Token![extern])))
}

/// Skips what could not be read: to behind the next braces or semicolon.
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
    /// The impl, with these generics.
    pub(crate) fn with(&self, generics: &Generics) -> TokenStream {
        let mut tokens = TokenStream::new();
        let Self { attributes, unsafety, token, of_trait, self_ty, brace, members, .. } = self;
        let (parameters, _, clause) = generics.split_for_impl();
        let of_trait = of_trait.as_ref().map(|(path, token)| quote!(#path #token));
        // Inner attributes are written as outer ones, where they mean the same.
        let attributes =
            attributes.iter().cloned().map(|attribute| Attribute { style: syn::AttrStyle::Outer, ..attribute });
        tokens.extend(quote!(#(#attributes)* #unsafety #token #parameters #of_trait #self_ty #clause));
        brace.surround(&mut tokens, |tokens| {
            for member in members {
                match member {
                    Member::Method(method) => method.to_tokens(tokens),
                    Member::Other(other) => other.to_tokens(tokens),
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
